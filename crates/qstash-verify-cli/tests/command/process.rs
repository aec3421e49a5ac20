//! The command as a process: run to its end, or listening.

use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread::JoinHandle;
use std::time::Duration;

use qstash_verify_test_support::{Answer, Connection, Request};

use crate::directory::Directory;

/// The binary, which cargo has built for this test.
pub(crate) const COMMAND: &str = env!("CARGO_BIN_EXE_qstash-verify");

/// How long a process may be silent before a test fails: none of them waits for
/// this to pass.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The command with these arguments, yet to be run: in an empty directory, with
/// no variables but `PATH`, and with nothing on standard input.
pub(crate) fn run(arguments: &[&str]) -> Run {
    let directory = Directory::new();
    let mut command = Command::new(COMMAND);
    command
        .args(arguments)
        .current_dir(directory.path())
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    Run {
        command,
        directory,
        input: None,
        secrets: Vec::new(),
    }
}

/// A process to be.
#[derive(Debug)]
pub(crate) struct Run {
    command: Command,
    directory: Directory,
    input: Option<Vec<u8>>,
    secrets: Vec<String>,
}

/// Its exit status and its output.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// With these variables.
    pub(crate) fn with(mut self, variables: &[(&str, &str)]) -> Self {
        self.command.envs(variables.iter().copied());
        let secrets = variables.iter().filter(|(name, value)| {
            // What is shorter may stand anywhere.
            (name.ends_with("_KEY") || name.ends_with("_TOKEN")) && value.len() >= 12
        });
        self.secrets
            .extend(secrets.map(|(_, value)| (*value).to_owned()));
        self
    }

    /// With a variable that may hold any bytes.
    pub(crate) fn with_os(mut self, name: &str, value: &std::ffi::OsStr) -> Self {
        self.command.env(name, value);
        self
    }

    /// With these bytes on standard input.
    pub(crate) fn input(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.command.stdin(Stdio::piped());
        self.input = Some(bytes.into());
        self
    }

    /// With this file in its directory.
    pub(crate) fn file(self, name: &str, bytes: impl AsRef<[u8]>) -> Self {
        std::fs::write(self.directory.path().join(name), bytes).unwrap();
        self
    }

    /// With this directory in its directory.
    pub(crate) fn directory(self, name: &str) -> Self {
        std::fs::create_dir(self.directory.path().join(name)).unwrap();
        self
    }

    /// Runs it to its end.
    pub(crate) fn end(self) -> Output {
        self.start().end()
    }

    /// Runs it to its end while nobody reads its stdout, and says its exit status.
    pub(crate) fn unread(mut self) -> Option<i32> {
        let mut child = self.command.spawn().unwrap();
        drop(child.stdout.take());
        child.wait().unwrap().code()
    }

    pub(crate) fn start(mut self) -> Process {
        let mut child = self.command.spawn().unwrap();
        if let Some(bytes) = self.input {
            let mut stdin = child.stdin.take().unwrap();
            // It may end before it has read all of it.
            std::thread::spawn(move || stdin.write_all(&bytes));
        }
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let stderr = child.stderr.take().unwrap();
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            while stdout.read_line(&mut line).unwrap() > 0 {
                // Nobody may be interested any more.
                let _ = sender.send(std::mem::take(&mut line));
            }
        });
        Process {
            child,
            lines,
            secrets: self.secrets,
            stderr: Some(std::thread::spawn(|| read(stderr))),
            _directory: self.directory,
        }
    }
}

impl Output {
    /// Checks how it ended.
    #[track_caller]
    pub(crate) fn code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    /// Checks that it ended this way, with this on stdout and nothing on stderr.
    #[track_caller]
    pub(crate) fn assert(&self, code: i32, stdout: &str) {
        assert_eq!(self.stdout, stdout, "{}", self.stderr);
        assert_eq!((self.code, &*self.stderr), (Some(code), ""));
    }

    /// Checks that it did nothing but to say what is wrong, in one line.
    #[track_caller]
    pub(crate) fn assert_misuse(&self, reason: &str) {
        assert_eq!(self.stderr, format!("error: {reason}\n"));
        assert_eq!((self.code, &*self.stdout), (Some(2), ""));
    }

    pub(crate) fn all(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

/// A process, killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    /// Those of stdout, with their ends.
    lines: Receiver<String>,
    /// Texts that it must not print: whole keys and tokens of its variables.
    secrets: Vec<String>,
    stderr: Option<JoinHandle<String>>,
    _directory: Directory,
}

impl Process {
    /// The next line of its stdout, without its end; nothing where there is no
    /// more.
    pub(crate) fn line(&self) -> Option<String> {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => {
                self.assert_discreet(&line);
                Some(line.strip_suffix('\n').unwrap_or(&line).to_owned())
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => None,
            Err(mpsc::RecvTimeoutError::Timeout) => panic!("it neither says anything nor ends"),
        }
    }

    /// Sends it a signal, such as `INT`.
    pub(crate) fn signal(&self, name: &str) {
        // The shell's own, which needs no package.
        let kill = format!("kill -{name} {}", self.child.id());
        let status = Command::new("sh").args(["-c", &kill]).status();
        assert!(status.unwrap().success());
    }

    /// Waits until it ends by itself, and says what it said meanwhile.
    pub(crate) fn end(mut self) -> Output {
        let stdout = std::iter::from_fn(|| self.line())
            .map(|line| line + "\n")
            .collect();
        let status = self.child.wait().unwrap();
        let stderr = self.stderr.take().unwrap().join().unwrap();
        self.assert_discreet(&stderr);
        Output {
            code: status.code(),
            stdout,
            stderr,
        }
    }

    fn assert_discreet(&self, text: &str) {
        for secret in &self.secrets {
            assert!(!text.contains(secret), "{text}");
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `listen`, up until this is dropped.
#[derive(Debug)]
pub(crate) struct Listen {
    process: Process,
    port: u16,
}

impl Listen {
    /// Starts it on a free port.
    pub(crate) fn start(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let arguments = [&["listen", "--port", "0"], arguments].concat();
        let process = run(&arguments).with(variables).start();
        let Some(line) = process.line() else {
            panic!("it doesn't start: {}", process.end().stderr);
        };
        let port = line.strip_prefix("listening on http://127.0.0.1:");
        Listen {
            port: port.unwrap().parse().unwrap(),
            process,
        }
    }

    /// The URL of a path of its.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub(crate) fn connect(&self) -> Connection {
        Connection::open(SocketAddr::from(([127, 0, 0, 1], self.port)))
    }

    /// Asks on a connection of its own.
    pub(crate) fn ask(&self, request: &Request) -> Answer {
        self.connect().ask(request)
    }

    /// The next line that it prints, without the time of a request.
    pub(crate) fn line(&self) -> String {
        let line = self.timed_line();
        let (time, text) = split_time(&line);
        assert_eq!(time.is_empty(), line.starts_with(' '), "{line}");
        text.to_owned()
    }

    /// The next line that it prints.
    pub(crate) fn timed_line(&self) -> String {
        self.process.line().expect("it ended")
    }

    /// Ends it as Ctrl-C does, and says what else it said.
    pub(crate) fn stop(self) -> Output {
        self.stop_with("INT")
    }

    /// Ends it with a signal.
    pub(crate) fn stop_with(self, signal: &str) -> Output {
        self.process.signal(signal);
        self.process.end()
    }
}

/// Splits the time off a line: RFC 3339 in UTC, to the second.
pub(crate) fn split_time(line: &str) -> (&str, &str) {
    const SHAPE: &[u8] = b"0000-00-00T00:00:00Z ";
    let timed = line.len() >= SHAPE.len()
        && line.bytes().zip(SHAPE).all(|(byte, shape)| match shape {
            b'0' => byte.is_ascii_digit(),
            shape => byte == *shape,
        });
    if timed {
        (&line[..SHAPE.len() - 1], &line[SHAPE.len()..])
    } else {
        ("", line)
    }
}

fn read(mut stream: impl Read) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}
