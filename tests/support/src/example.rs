//! Examples as processes.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use crate::{Answer, Connection, Request, binaries};
use serde_json::Value;

/// The kinds of servers and examples, which must behave alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// axum with the tower layer.
    Axum,
    /// actix-web with the middleware.
    Actix,
    /// hyper without an adapter.
    Hyper,
    /// poem with the middleware.
    Poem,
    /// Rocket with the guard and the fairing.
    Rocket,
    /// warp with a filter written by hand.
    Warp,
}

impl Kind {
    /// Each of them.
    pub const ALL: [Kind; 6] = [
        Kind::Axum,
        Kind::Actix,
        Kind::Hyper,
        Kind::Poem,
        Kind::Rocket,
        Kind::Warp,
    ];
}

/// A running example, killed on drop.
#[derive(Debug)]
pub struct Example {
    child: Child,
    /// Readers of stdout and stderr.
    output: Vec<JoinHandle<String>>,
    port: u16,
}

impl Example {
    /// Starts an example with exactly these variables.
    pub fn start(kind: Kind, variables: &[(&str, &str)]) -> Self {
        match Example::try_start(kind, variables) {
            Ok(example) => example,
            Err(output) => panic!("it doesn't start: {output}"),
        }
    }

    /// Returns the output of an example that fails to start with these variables.
    pub fn failure<V: AsRef<OsStr>>(kind: Kind, variables: &[(&str, V)]) -> String {
        match Example::try_start(kind, variables) {
            Ok(_) => panic!("it starts"),
            Err(output) => output,
        }
    }

    fn try_start<V: AsRef<OsStr>>(kind: Kind, variables: &[(&str, V)]) -> Result<Self, String> {
        let mut child = Command::new(binaries::example(kind))
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .env("PORT", "0")
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let errors = child.stderr.take().unwrap();
        let (sender, first_line) = mpsc::channel();
        let output = std::thread::spawn(move || {
            let mut line = String::new();
            output.read_line(&mut line).unwrap();
            sender.send(line.clone()).unwrap();
            line + &read(output)
        });
        let mut example = Example {
            child,
            output: vec![output, std::thread::spawn(|| read(errors))],
            port: 0,
        };

        // It prints its address, or exits without output.
        let line = first_line.recv_timeout(Duration::from_secs(60));
        let line = line.expect("it neither listens nor ends");
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

    /// Opens a connection to it.
    pub fn connect(&self) -> Connection {
        Connection::open(([127, 0, 0, 1], self.port).into())
    }

    /// Sends a request on a new connection and reads the response.
    pub fn ask(&self, request: &Request) -> Answer {
        self.connect().ask(request)
    }

    /// Sends a request; returns status and JSON body.
    pub fn json(&self, request: &Request) -> (u16, Value) {
        let answer = self.ask(request);
        (answer.status(), json(&answer))
    }

    /// Returns the port that it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns its process ID.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Kills it and returns its stdout followed by its stderr.
    pub fn stop(&mut self) -> String {
        // It may have exited already.
        let _ = self.child.kill();
        self.child.wait().unwrap();
        let output = self.output.drain(..).map(|output| output.join().unwrap());
        output.collect()
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Returns the body of a response as JSON, or as a string if it isn't JSON.
pub fn json(answer: &Answer) -> Value {
    let body = serde_json::from_slice(&answer.body);
    body.unwrap_or_else(|_| answer.text().into())
}

fn read(mut stream: impl Read) -> String {
    let mut text = Vec::new();
    stream.read_to_end(&mut text).unwrap();
    String::from_utf8_lossy(&text).into_owned()
}
