//! `check`: exact output for many environments, one in each file of `check/`.

use std::path::Path;

use qstash_verify::variables;

use crate::process::run;
use crate::transcript::Shell;

const CURRENT: &str = "sig_4QF5dZrPuLx5kS1bWmHc8TnAeG6v";
const NEXT: &str = "sig_6VnY2tRqMb8pXw3JcEs9LhKdUa7z";

/// Compares all transcripts. With the variable `UPDATE_TRANSCRIPTS` they are
/// rewritten; read the difference before you commit it.
#[test]
fn transcripts_are_up_to_date() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/command/check");
    let mut paths: Vec<_> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    assert!(paths.len() >= 20, "{paths:?}");
    let mut differing = Vec::new();
    for path in paths {
        let expected = std::fs::read_to_string(&path).unwrap();
        assert!(expected.contains("\n$ qstash-verify check"), "{path:?}");
        let played = Shell::new().play(&expected, str::to_owned);
        if played == expected {
            continue;
        }
        if std::env::var_os("UPDATE_TRANSCRIPTS").is_some() {
            std::fs::write(&path, &played).unwrap();
        }
        differing.push(format!("{}:\n{played}", path.display()));
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

#[test]
fn json_report_is_complete() {
    let variables = [
        ("QSTASH_REGION", "EU_CENTRAL_1"),
        ("EU_CENTRAL_1_QSTASH_CURRENT_SIGNING_KEY", CURRENT),
        ("EU_CENTRAL_1_QSTASH_NEXT_SIGNING_KEY", NEXT),
        ("QSTASH_TOKEN", "eyJVc2VySUQiOiJhY21lIn0="),
    ];
    let output = run(&["check", "--json"]).with(&variables).end().code(0);
    assert_eq!(output.stdout.lines().count(), 1, "{output:?}");
    let report: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(report["ok"], true);
    assert_eq!(report["mode"], "multi-region");
    assert_eq!(report["region"], "EU_CENTRAL_1");
    assert_eq!(report["env_file"], serde_json::Value::Null);
    assert_eq!(
        report["outgoing"],
        serde_json::json!({
            "url": "https://qstash.upstash.io",
            "url_source": "built in",
            "token": "eyJV…0=",
            "token_source": "QSTASH_TOKEN, process",
        })
    );
    assert_eq!(
        report["incoming"][2],
        serde_json::json!({
            "region": "EU_CENTRAL_1",
            "complete": true,
            "used": true,
            "current": {
                "variable": "EU_CENTRAL_1_QSTASH_CURRENT_SIGNING_KEY",
                "value": "sig_…6v",
                "source": "process",
            },
            "next": {
                "variable": "EU_CENTRAL_1_QSTASH_NEXT_SIGNING_KEY",
                "value": "sig_…7z",
                "source": "process",
            },
        })
    );
    let level = |level: &str| {
        let findings = report["checks"].as_array().unwrap().iter();
        let findings = findings.filter(|finding| finding["level"] == level);
        findings
            .map(|finding| finding["code"].as_str().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(level("error"), [""; 0]);
    assert_eq!(
        level("warning"),
        ["no_keys_for_region", "no_credentials_for_region"]
    );
    assert_eq!(report["warnings"], 2);
    assert_eq!(report["errors"], 0);
    assert_eq!(report["passed"], level("passed").len());

    let strict = run(&["check", "--json", "--strict"])
        .with(&variables)
        .end()
        .code(1);
    let report: serde_json::Value = serde_json::from_str(&strict.stdout).unwrap();
    assert_eq!(
        (&report["ok"], &report["errors"]),
        (&false.into(), &2.into())
    );
}

#[test]
fn no_secret_is_printed() {
    let variables = [
        ("QSTASH_CURRENT_SIGNING_KEY", CURRENT),
        ("QSTASH_NEXT_SIGNING_KEY", "'sig_quotedSecretSecretSecret'"),
        ("US_EAST_1_QSTASH_CURRENT_SIGNING_KEY", "shortSecret"),
        ("QSTASH_TOKEN", "eyJVc2VySUQiOiJTZWNyZXRTZWNyZXQifQ=="),
        ("QSTASH_REGION", "sig_pastedSecretSecretSecret"),
        ("QSTASH_SIGNING_KEY", "sig_otherSecretSecretSecret"),
    ];
    let env = "QSTASH_URL=https://x/\nthis line has a sig_brokenSecretSecret\n\
               US_EAST_1_QSTASH_TOKEN=\"tokenSecretSecretSecret\nEOF";
    for arguments in [&["check"][..], &["check", "--json"], &["check", "--strict"]] {
        let output = run(arguments)
            .with(&variables)
            .file(".env", env)
            .end()
            .code(1);
        let all = output.all();
        assert!(all.contains("sig_…6v") && all.contains("line 2"), "{all}");
        for secret in ["Secret", &CURRENT[4..], "VXNlcklE", "VySUQiO"] {
            assert!(!all.contains(secret), "{secret} in {all}");
        }
    }
}

#[test]
fn http_url_of_a_local_server_is_not_insecure() {
    for (url, insecure) in [
        ("http://app.localhost:8080", false),
        ("http://127.1.2.3:8080", false),
        ("http://host.docker.internal:8080", false),
        ("http://qstash:8080", false),
        ("http://localhost.example.com", true),
    ] {
        let variables = [("QSTASH_URL", url), ("QSTASH_TOKEN", "x")];
        let output = run(&["check", "--json"]).with(&variables).end();
        let found = output.stdout.contains("insecure_url");
        assert_eq!(found, insecure, "{url}");
    }
}

#[test]
fn missing_named_file_is_an_error() {
    let output = run(&["check", "--env-file", "production.env"]).end();
    output.assert_misuse("production.env can't be read: No such file or directory (os error 2)");
    let both = run(&["check", "--env-file", "x", "--no-env-file"])
        .end()
        .code(2);
    assert!(both.stderr.contains("cannot be used with"), "{both:?}");
}

#[test]
fn colours_are_for_terminals() {
    let plain = run(&["check"]).end().code(1).stdout;
    assert!(!plain.contains('\u{1b}'), "{plain:?}");
    let forced = run(&["check"])
        .with(&[("CLICOLOR_FORCE", "1")])
        .end()
        .code(1)
        .stdout;
    assert!(forced.contains("\u{1b}[1m\u{1b}[31merror"), "{forced:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn value_that_is_not_utf_8_is_an_error() {
    use std::os::unix::ffi::OsStrExt as _;
    let bytes = std::ffi::OsStr::from_bytes(b"sig_\xff");
    for variable in variables::KEY_RING
        .iter()
        .copied()
        .chain([variables::token(None)])
    {
        let output = run(&["check"]).with_os(variable, bytes).end().code(1);
        let expected = format!("error   {variable} is set to bytes that are not UTF-8");
        assert!(output.stdout.contains(&expected), "{}", output.stdout);
    }
}

#[test]
fn misplaced_secret_is_not_printed() {
    let variables = [
        ("QSTASH_URL", NEXT),
        ("QSTASH_DEV", CURRENT),
        ("QSTASH_TOKEN", "eyJVc2VySUQiOiJTZWNyZXRTZWNyZXQifQ=="),
    ];
    for arguments in [&["check"][..], &["check", "--json"]] {
        let output = run(arguments).with(&variables).end().code(1);
        assert!(!output.all().contains(&CURRENT[4..]), "{output:?}");
        assert!(!output.all().contains(&NEXT[4..]), "{output:?}");
        let url = [
            ("QSTASH_URL", "https://user:passwordpassword@x.y"),
            variables[2],
        ];
        let output = run(arguments).with(&url).end().code(1);
        assert!(!output.all().contains("passwordpass"), "{output:?}");
        for pasted in [
            format!("https://qstash.upstash.io/{NEXT}"),
            format!("https://qstash.upstash.io?token={NEXT}"),
            format!("https://{NEXT}"),
        ] {
            let url = [("QSTASH_URL", &*pasted), variables[2]];
            let output = run(arguments).with(&url).end();
            assert!(!output.all().contains(&NEXT[4..]), "{output:?}");
            let lower = NEXT[4..].to_ascii_lowercase();
            assert!(!output.all().contains(&lower), "{output:?}");
        }
    }
}

#[test]
fn directory_named_env_is_ignored() {
    let output = run(&["check"]).directory(".env").end().code(1);
    assert!(
        output
            .stdout
            .contains("variables of this process; there is no file .env")
    );
}
