//! Examples as server processes.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use qstash_verify_test_support::{Answer, Connection, Request, json};
use serde_json::Value;

/// What a server prints in front of its port: a script of ours, and Vercel's runtime.
const LISTENING: [&str; 2] = ["listening on http://127.0.0.1:", "Dev server listening: "];

/// A running server, killed on drop.
#[derive(Debug)]
pub struct Server {
    child: Child,
    readers: Vec<JoinHandle<()>>,
    log: Arc<Mutex<String>>,
    port: u16,
}

impl Server {
    /// Starts a server that prints its port.
    #[must_use]
    pub fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Arc::default();
        let (sender, ports) = mpsc::channel();
        let outputs: [Box<dyn Read + Send>; 2] = [
            Box::new(child.stdout.take().unwrap()),
            Box::new(child.stderr.take().unwrap()),
        ];
        let readers = outputs.map(|output| {
            let (log, sender) = (Arc::clone(&log), sender.clone());
            std::thread::spawn(move || read(output, &log, &sender))
        });
        drop(sender);
        let mut server = Server {
            child,
            readers: readers.into(),
            log,
            port: 0,
        };
        match ports.recv_timeout(Duration::from_secs(60)) {
            Ok(port) => server.port = port,
            Err(_) => panic!("it doesn't start: {}", server.stop()),
        }
        server
    }

    /// Opens a connection to it.
    #[must_use]
    pub fn connect(&self) -> Connection {
        Connection::open(([127, 0, 0, 1], self.port).into())
    }

    /// Sends a request on a new connection and reads the response.
    #[must_use]
    pub fn ask(&self, request: &Request) -> Answer {
        self.connect().ask(request)
    }

    /// Sends a request; returns status and JSON body.
    #[must_use]
    pub fn json(&self, request: &Request) -> (u16, Value) {
        let answer = self.ask(request);
        (answer.status(), json(&answer))
    }

    /// Kills it and returns its stdout and stderr.
    pub fn stop(&mut self) -> String {
        // It may have exited already.
        let _ = self.child.kill();
        self.child.wait().unwrap();
        for reader in self.readers.drain(..) {
            reader.join().unwrap();
        }
        self.log.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

fn read(output: impl Read, log: &Mutex<String>, ports: &mpsc::Sender<u16>) {
    for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line);
        if let Some(port) = LISTENING
            .iter()
            .find_map(|prefix| line.strip_prefix(prefix))
        {
            // The receiver is gone if the line is repeated.
            let _ = ports.send(port.trim_end().parse().unwrap());
        }
        let mut log = log.lock().unwrap();
        log.push_str(&line);
        log.push('\n');
    }
}
