//! The command as a process.

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

/// Time limit for output of a process, which only a failing test reaches.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Prepares the command: in an empty directory, with no variables but `PATH`, and
/// without standard input.
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

/// A command that can be started.
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
            // A shorter value may occur by chance.
            (name.ends_with("_KEY") || name.ends_with("_TOKEN")) && value.len() >= 12
        });
        self.secrets
            .extend(secrets.map(|(_, value)| (*value).to_owned()));
        self
    }

    /// Sets a variable to any bytes.
    pub(crate) fn with_os(mut self, name: &str, value: &std::ffi::OsStr) -> Self {
        self.command.env(name, value);
        self
    }

    /// Sets the bytes on standard input.
    pub(crate) fn input(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.command.stdin(Stdio::piped());
        self.input = Some(bytes.into());
        self
    }

    /// Writes a file to the directory.
    pub(crate) fn file(self, name: &str, bytes: impl AsRef<[u8]>) -> Self {
        std::fs::write(self.directory.path().join(name), bytes).unwrap();
        self
    }

    /// Makes a directory in the directory.
    pub(crate) fn directory(self, name: &str) -> Self {
        std::fs::create_dir(self.directory.path().join(name)).unwrap();
        self
    }

    /// Runs the command to its end.
    pub(crate) fn end(self) -> Output {
        self.start().end()
    }

    /// Runs the command with a closed stdout, and returns its exit status.
    pub(crate) fn unread(mut self) -> Option<i32> {
        let mut child = self.command.spawn().unwrap();
        drop(child.stdout.take());
        child.wait().unwrap().code()
    }

    pub(crate) fn start(mut self) -> Process {
        let mut child = self.command.spawn().unwrap();
        if let Some(bytes) = self.input {
            let mut stdin = child.stdin.take().unwrap();
            // The process may end before it has read everything.
            std::thread::spawn(move || stdin.write_all(&bytes));
        }
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let stderr = child.stderr.take().unwrap();
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            while stdout.read_line(&mut line).unwrap() > 0 {
                // The receiver may be gone.
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
    /// Checks the exit status.
    #[track_caller]
    pub(crate) fn code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    /// Checks the exit status and stdout, and that stderr is empty.
    #[track_caller]
    pub(crate) fn assert(&self, code: i32, stdout: &str) {
        assert_eq!(self.stdout, stdout, "{}", self.stderr);
        assert_eq!((self.code, &*self.stderr), (Some(code), ""));
    }

    /// Checks the exit status 2 and the one line of the error.
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
    /// Lines of stdout, with their line ends.
    lines: Receiver<String>,
    /// Keys and tokens of its variables, which it must not print.
    secrets: Vec<String>,
    stderr: Option<JoinHandle<String>>,
    _directory: Directory,
}

impl Process {
    /// Returns the next line of stdout without its line end; `None` at EOF.
    pub(crate) fn line(&self) -> Option<String> {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => {
                self.assert_no_secrets(&line);
                Some(line.strip_suffix('\n').unwrap_or(&line).to_owned())
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => None,
            Err(mpsc::RecvTimeoutError::Timeout) => panic!("the process neither prints nor ends"),
        }
    }

    /// Sends a signal, such as `INT`.
    pub(crate) fn signal(&self, name: &str) {
        // The `kill` of the shell is always there.
        let kill = format!("kill -{name} {}", self.child.id());
        let status = Command::new("sh").args(["-c", &kill]).status();
        assert!(status.unwrap().success());
    }

    /// Waits until the process ends, and returns its output.
    pub(crate) fn end(mut self) -> Output {
        let stdout = std::iter::from_fn(|| self.line())
            .map(|line| line + "\n")
            .collect();
        let status = self.child.wait().unwrap();
        let stderr = self.stderr.take().unwrap().join().unwrap();
        self.assert_no_secrets(&stderr);
        Output {
            code: status.code(),
            stdout,
            stderr,
        }
    }

    fn assert_no_secrets(&self, text: &str) {
        for secret in &self.secrets {
            assert!(!text.contains(secret), "{text}");
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The process may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A running `listen`, killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Listen {
    process: Process,
    port: u16,
}

impl Listen {
    /// Starts `listen` on a free port.
    pub(crate) fn start(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let arguments = [&["listen", "--port", "0"], arguments].concat();
        let process = run(&arguments).with(variables).start();
        let Some(line) = process.line() else {
            panic!("listen doesn't start: {}", process.end().stderr);
        };
        let port = line.strip_prefix("listening on http://127.0.0.1:");
        Listen {
            port: port.unwrap().parse().unwrap(),
            process,
        }
    }

    /// Returns the URL of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub(crate) fn connect(&self) -> Connection {
        Connection::open(SocketAddr::from(([127, 0, 0, 1], self.port)))
    }

    /// Sends a request on a new connection.
    pub(crate) fn ask(&self, request: &Request) -> Answer {
        self.connect().ask(request)
    }

    /// Returns the next line without its time.
    pub(crate) fn line(&self) -> String {
        let line = self.timed_line();
        let (time, text) = split_time(&line);
        assert_eq!(time.is_empty(), line.starts_with(' '), "{line}");
        text.to_owned()
    }

    /// Returns the next line.
    pub(crate) fn timed_line(&self) -> String {
        self.process.line().expect("listen ended")
    }

    /// Stops `listen` as Ctrl-C does, and returns the rest of its output.
    pub(crate) fn stop(self) -> Output {
        self.stop_with("INT")
    }

    /// Stops `listen` with a signal.
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
