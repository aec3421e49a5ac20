//! The example as a process: built, started, asked, ended.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests: what goes wrong here is to fail"
)]

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{OnceLock, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use qstash_verify_tests::{Answer, Connection, Request};
use serde_json::Value;

/// The example's binary, built by the profile that built this test.
fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let test = std::env::current_exe().unwrap();
        // <target>/<profile>/deps/<test>
        let directory = test.ancestors().nth(2).unwrap();
        let profile = match directory.file_name().unwrap().to_str().unwrap() {
            "debug" => "dev",
            profile => profile,
        };
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
        let output = Command::new(env!("CARGO"))
            .args(["build", "--locked", "--package", "example-axum"])
            .args(["--message-format", "json", "--profile", profile])
            .arg("--target-dir")
            .arg(target)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stderr(Stdio::inherit())
            .output()
            .unwrap();
        assert!(output.status.success());
        let messages = String::from_utf8(output.stdout).unwrap();
        let mut executables = messages.lines().filter_map(|message| {
            let message: Value = serde_json::from_str(message).unwrap();
            message["executable"].as_str().map(PathBuf::from)
        });
        let executable = executables.next().unwrap();
        assert_eq!(executables.next(), None);
        executable
    })
}

/// The example, up until this is dropped.
pub(crate) struct Example {
    child: Child,
    errors: Option<JoinHandle<String>>,
    port: u16,
}

impl Example {
    /// Starts it with these variables and no others.
    pub(crate) fn start(variables: &[(&str, &str)]) -> Self {
        match Example::try_start(variables) {
            Ok(example) => example,
            Err(errors) => panic!("it doesn't start: {errors}"),
        }
    }

    /// What it says as it fails to start with these variables.
    pub(crate) fn failure(variables: &[(&str, &str)]) -> String {
        match Example::try_start(variables) {
            Ok(_) => panic!("it starts with {variables:?}"),
            Err(errors) => errors,
        }
    }

    fn try_start(variables: &[(&str, &str)]) -> Result<Self, String> {
        let mut child = Command::new(binary())
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .env("PORT", "0")
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut errors = child.stderr.take().unwrap();
        let errors = std::thread::spawn(move || {
            let mut text = Vec::new();
            errors.read_to_end(&mut text).unwrap();
            String::from_utf8_lossy(&text).into_owned()
        });
        let output = child.stdout.take().unwrap();
        let mut example = Example {
            child,
            errors: Some(errors),
            port: 0,
        };

        let (sender, first_line) = mpsc::channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            let read = BufReader::new(output).read_line(&mut line);
            sender.send(read.map(|_| line)).unwrap();
        });
        // It says where it listens, or ends and says nothing.
        let line = first_line.recv_timeout(Duration::from_secs(60));
        let line = line.expect("it neither listens nor ends").unwrap();
        if line.is_empty() {
            let status = example.child.wait().unwrap();
            assert_eq!(status.code(), Some(1));
            return Err(example.stop());
        }
        let port = line
            .trim_end()
            .strip_prefix("listening on http://127.0.0.1:");
        example.port = port.unwrap().parse().unwrap();
        Ok(example)
    }

    pub(crate) fn ask(&self, request: &Request) -> Answer {
        Connection::open(([127, 0, 0, 1], self.port).into()).ask(request)
    }

    /// Asks, and reads the answer as status and JSON.
    pub(crate) fn json(&self, request: &Request) -> (u16, Value) {
        let answer = self.ask(request);
        let body = serde_json::from_slice(&answer.body);
        (
            answer.status(),
            body.unwrap_or_else(|_| answer.text().into()),
        )
    }

    /// Ends it, and says what it wrote to stderr.
    pub(crate) fn stop(&mut self) -> String {
        // It may have ended by itself.
        let _ = self.child.kill();
        self.child.wait().unwrap();
        let errors = self.errors.take();
        errors.map_or_else(String::new, |errors| errors.join().unwrap())
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        self.stop();
    }
}
