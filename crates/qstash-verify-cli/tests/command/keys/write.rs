//! `keys --write`: a file of variables, replaced in one step.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;

use crate::backend::{Backend, answer};
use crate::directory::Directory;
use crate::keys::{CURRENT, NEXT, OLD, TOKEN, api, json};
use crate::process::{Output, run};

/// Runs `keys --write` on this path, with the token in the process.
fn write(server: &Backend, path: &Path, more: &[(&str, &str)]) -> Output {
    let url = server.url("");
    let variables = [&[("QSTASH_URL", &*url), ("QSTASH_TOKEN", TOKEN)], more].concat();
    let path = path.to_str().unwrap();
    run(&["keys", "--write", path, "--json", "--env-file", path])
        .with(&variables)
        .end()
}

fn names(directory: &Directory) -> Vec<String> {
    let entries = fs::read_dir(directory.path()).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn file_is_updated_and_all_else_stays() {
    let directory = Directory::new();
    let (link, file) = (directory.path().join(".env"), directory.path().join("real"));
    let text = |current: &str, next: &str| {
        format!(
            "# keys\r\nexport QSTASH_NEXT_SIGNING_KEY='{next}'  # next\r\nOTHER=\"a\r\n\
             QSTASH_CURRENT_SIGNING_KEY=x\"\r\n\tQSTASH_CURRENT_SIGNING_KEY = {current}\r\n\
             broken line\r\nLAST=1"
        )
    };
    fs::write(&file, text(OLD, CURRENT)).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    symlink("real", &link).unwrap();
    let before = fs::metadata(&file).unwrap();

    let output = write(&api(CURRENT, NEXT), &link, &[]).code(0);
    assert_eq!(fs::read_to_string(&file).unwrap(), text(CURRENT, NEXT));
    assert!(link.is_symlink());
    let after = fs::metadata(&file).unwrap();
    assert_eq!((after.mode(), after.uid()), (before.mode(), before.uid()));
    assert_eq!(names(&directory), [".env", "real"]);
    let report = json(&output);
    assert_eq!(report["ok"], true);
    let written = ["QSTASH_CURRENT_SIGNING_KEY", "QSTASH_NEXT_SIGNING_KEY"];
    assert_eq!(report["written"]["variables"], serde_json::json!(written));
    assert_eq!(report["pairs"][0]["state"], "rolled_once");

    // Up to date now: the file isn't replaced.
    let output = write(&api(CURRENT, NEXT), &link, &[]).code(0);
    assert_eq!(json(&output)["written"]["variables"], serde_json::json!([]));
    assert_eq!(fs::metadata(&file).unwrap().ino(), after.ino());
}

#[test]
fn new_file_is_readable_by_its_owner_alone() {
    let server = api(CURRENT, NEXT);
    let directory = Directory::new();
    let file = directory.path().join("new.env");
    let url = server.url("");
    let variables = [("QSTASH_URL", &*url), ("QSTASH_TOKEN", TOKEN)];
    let output = run(&["keys", "--write", file.to_str().unwrap()])
        .with(&variables)
        .end()
        .code(0);
    assert!(
        output
            .stdout
            .contains("wrote QSTASH_CURRENT_SIGNING_KEY, QSTASH_NEXT_SIGNING_KEY to ")
    );
    let text = format!("QSTASH_CURRENT_SIGNING_KEY={CURRENT}\nQSTASH_NEXT_SIGNING_KEY={NEXT}\n");
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
    assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
}

#[test]
fn variables_of_the_process_that_hide_the_file_are_noted() {
    let directory = Directory::new();
    let file = directory.path().join(".env");
    fs::write(&file, format!("QSTASH_NEXT_SIGNING_KEY={CURRENT}")).unwrap();
    let hiding = [("QSTASH_CURRENT_SIGNING_KEY", OLD)];
    let output = write(&api(CURRENT, NEXT), &file, &hiding).code(1);
    assert!(
        output
            .stderr
            .starts_with("note: QSTASH_CURRENT_SIGNING_KEY is another key in the"),
        "{output:?}"
    );
    let report = json(&output);
    assert_eq!(report["ok"], false);
    let hidden = ["QSTASH_CURRENT_SIGNING_KEY"];
    assert_eq!(report["written"]["hidden"], serde_json::json!(hidden));
    let text = format!("QSTASH_NEXT_SIGNING_KEY={NEXT}\nQSTASH_CURRENT_SIGNING_KEY={CURRENT}\n");
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
}

#[test]
fn nothing_is_written_unless_all_can_be() {
    let directory = Directory::new();
    let file = directory.path().join(".env");
    let good = format!("QSTASH_CURRENT_SIGNING_KEY={OLD}\n");
    let open_quote = "QSTASH_CURRENT_SIGNING_KEY='x\n".to_owned();
    let referring = format!("{good}OTHER=${{QSTASH_CURRENT_SIGNING_KEY}}\n");
    for (text, mode, server, expected) in [
        (
            &good,
            0o600,
            Backend::start([answer("500 Oops", &[])]),
            "500 from",
        ),
        (&good, 0o400, api(CURRENT, NEXT), "it is read-only"),
        (
            &open_quote,
            0o600,
            api(CURRENT, NEXT),
            "line 1: a quote isn't closed",
        ),
        (
            &referring,
            0o600,
            api(CURRENT, NEXT),
            "OTHER would not be read as it should",
        ),
    ] {
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        let url = server.url("");
        let variables = [("QSTASH_URL", &*url), ("QSTASH_TOKEN", TOKEN)];
        let output = run(&["keys", "--write", file.to_str().unwrap()])
            .with(&variables)
            .end()
            .code(2);
        assert!(
            output.stderr.contains(expected) && output.stderr.ends_with("; nothing was written\n"),
            "{output:?}"
        );
        assert_eq!(&fs::read_to_string(&file).unwrap(), text);
        assert_eq!(names(&directory), [".env"]);
        fs::remove_file(&file).unwrap();
    }
    // A file that isn't there, or is no file.
    symlink("nowhere", &file).unwrap();
    for (path, expected) in [
        (file.as_path(), "No such file"),
        (directory.path(), "it is no regular file"),
        (&directory.path().join("a/b"), "No such file"),
    ] {
        let server = api(CURRENT, NEXT);
        let url = server.url("");
        let variables = [("QSTASH_URL", &*url), ("QSTASH_TOKEN", TOKEN)];
        let output = run(&["keys", "--write", path.to_str().unwrap()])
            .with(&variables)
            .end()
            .code(2);
        assert!(output.stderr.contains(expected), "{output:?}");
        assert_eq!(names(&directory), [".env"]);
    }
}
