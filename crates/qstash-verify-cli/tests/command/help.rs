//! Help, completions and man pages.

use std::process::Command;

use crate::process::run;

#[test]
fn help_has_examples_and_the_exit_status() {
    let help = run(&["--help"]).end().code(0).stdout;
    assert!(
        help.contains("Exit status: 0 success; 1 a check or a delivery failed; 2 "),
        "{help}"
    );
    for name in [
        "check",
        "verify",
        "sign",
        "send",
        "listen",
        "keys",
        "completions",
        "man",
    ] {
        assert!(help.contains(&format!("\n  {name} ")), "{help}");
        let help = run(&["help", name]).end().code(0).stdout;
        assert!(
            help.contains("\nExamples:\n") && help.contains("qstash-verify "),
            "{help}"
        );
    }
    let version = run(&["--version"]).end();
    version.assert(0, &format!("qstash-verify {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn every_command_that_reports_has_json_and_documents_its_keys() {
    for (name, keys) in [
        (
            "check",
            &["ok", "checks", "errors", "warnings", "notes", "passed"][..],
        ),
        (
            "verify",
            &[
                "ok", "error", "message", "region", "key", "source", "claims", "steps",
            ],
        ),
        (
            "send",
            &[
                "ok",
                "status",
                "headers",
                "body",
                "seconds",
                "hint",
                "next_attempt_in",
            ],
        ),
        (
            "listen",
            &[
                "event",
                "time",
                "ok",
                "status",
                "error",
                "forward_error",
                "summary",
            ],
        ),
        (
            "keys",
            &[
                "ok",
                "pairs",
                "region",
                "host",
                "state",
                "message",
                "error",
                "written",
                "hidden",
                "up_to_date",
                "other_region",
                "not_asked",
            ],
        ),
        ("sign", &["url", "method", "headers", "body_base64"]),
    ] {
        let help = run(&["help", name]).end().code(0).stdout;
        assert!(help.contains("--json"), "{help}");
        for key in keys {
            assert!(help.contains(key), "{name} {key}: {help}");
        }
    }
}

#[test]
fn help_fills_the_width_of_the_terminal() {
    const WIDTH: usize = 60;
    for arguments in [
        &["--help"][..],
        &["help", "check"],
        &["help", "verify"],
        &["help", "sign"],
        &["help", "send"],
        &["help", "listen"],
        &["help", "keys"],
        &["keys", "roll", "--help"],
    ] {
        let width = WIDTH.to_string();
        let help = run(arguments).with(&[("COLUMNS", &width)]).end().code(0);
        let (_, options) = help.stdout.split_once("\nOptions:\n").unwrap();
        let mut paragraphs = options.split("\n\n");
        let options = paragraphs.next().unwrap();
        let length = |line: &str| line.chars().count();
        assert!(
            options.lines().all(|line| length(line) <= WIDTH),
            "{help:?}"
        );
        for prose in paragraphs.filter(|text| !text.starts_with("Examples:")) {
            for (line, next) in prose.lines().zip(prose.lines().skip(1)) {
                // Indented lines are JSON.
                if line.starts_with(' ') || next.starts_with(' ') {
                    continue;
                }
                let word = next.split(' ').next().unwrap();
                let joined = length(line) + 1 + length(word);
                assert!(length(line) <= WIDTH && joined > WIDTH, "{line}\n{next}");
            }
        }
    }
}

#[test]
fn help_of_check_has_its_exit_status() {
    let help = run(&["help", "check"]).end().code(0).stdout;
    let status = "Exit status: 1 if there is an error or, with --strict, a warning; else 0;";
    assert!(help.contains(status), "{help}");
}

#[test]
fn completions_and_man_pages_are_of_this_command_line() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let text = run(&["completions", shell]).end().code(0).stdout;
        assert!(
            text.contains("both-regions") && text.contains("qstash-verify"),
            "{shell}"
        );
    }
    let bash = run(&["completions", "bash"]).end().stdout;
    let mut syntax = Command::new("bash");
    if let Ok(output) = syntax.args(["-n", "-c", &bash]).output() {
        assert!(output.status.success(), "{output:?}");
    }
    for (words, expected) in [
        ("se", "send"),
        ("send --corr", "--corrupt"),
        ("send --corrupt exp", "expired"),
        ("check --st", "--strict"),
        ("keys ro", "roll"),
    ] {
        let script = format!(
            "{bash}\nCOMP_WORDS=(qstash-verify {words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))\n\
             last=${{COMP_WORDS[COMP_CWORD]}}; before=${{COMP_WORDS[COMP_CWORD - 1]}}\n\
             _qstash__verify qstash-verify \"$last\" \"$before\"; echo \"${{COMPREPLY[*]}}\""
        );
        if let Ok(output) = Command::new("bash").args(["-c", &script]).output() {
            let completed = String::from_utf8(output.stdout).unwrap();
            assert_eq!(completed.trim_end(), expected, "{words}");
        }
    }
    let page = run(&["man"]).end().code(0).stdout;
    assert!(page.contains(".TH qstash-verify 1"), "{page}");

    assert!(page.contains(".nf\n\\&Examples:\n"), "{page}");
    let nowhere = run(&["man", "file/x"]).file("file", "").end().code(2);
    let expected = "can't be written to file/x: Not a directory";
    assert!(nowhere.stderr.contains(expected), "{nowhere:?}");
    let directory = std::env::temp_dir().join(format!("qstash-verify-man-{}", std::process::id()));
    std::fs::create_dir(&directory).unwrap();
    run(&["man", directory.to_str().unwrap()]).end().code(0);
    let page = std::fs::read_to_string(directory.join("qstash-verify-send.1"));
    let nested = std::fs::read_to_string(directory.join("qstash-verify-keys-roll.1"));
    std::fs::remove_dir_all(&directory).unwrap();
    assert!(page.unwrap().contains("corrupt"));
    assert!(nested.unwrap().contains("next becomes current"));
}
