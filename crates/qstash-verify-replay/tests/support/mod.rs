//! A fake Redis on loopback, with a behaviour for each connection.

use std::io::{BufRead, BufReader, Result, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::Receiver;
use std::thread;

/// What the server does on one connection.
pub(crate) enum Peer {
    Healthy,
    /// Refuses the password.
    WrongPassword,
    /// Is a replica, which refuses to write.
    ReadOnly,
    /// Sends this reply to each script.
    Replies(&'static str),
    /// Reads commands and never answers.
    Silent,
    /// Never answers after the first script.
    SilentAfterScript,
    /// Answers once it is told to.
    Held(Receiver<()>),
}

pub(crate) struct FakeRedis {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl FakeRedis {
    /// Starts a server that serves one connection with each of the peers, in order.
    pub(crate) fn start(peers: impl IntoIterator<Item = Peer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let count = connections.clone();
        let mut peers: Vec<Peer> = peers.into_iter().collect();
        peers.reverse();
        thread::spawn(move || {
            while let Some(peer) = peers.pop() {
                let (stream, _) = listener.accept().unwrap();
                count.fetch_add(1, Ordering::SeqCst);
                // An error is a connection that the client closed.
                thread::spawn(move || serve(&stream, &peer).ok());
            }
        });
        FakeRedis {
            address,
            connections,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://:secret@{}", self.address)
    }

    /// Returns how many connections were accepted.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

fn serve(mut stream: &TcpStream, peer: &Peer) -> Result<()> {
    let mut reader = BufReader::new(stream);
    let mut scripts = 0;
    loop {
        let command = read_command(&mut reader)?;
        let is_script = command[0] == "EVAL";
        match peer {
            Peer::Silent => continue,
            Peer::SilentAfterScript if scripts > 0 => continue,
            Peer::Held(released) if scripts == 0 && command[0] == "AUTH" => {
                released.recv().unwrap();
            }
            _ => {}
        }
        let reply = match peer {
            Peer::WrongPassword if command[0] == "AUTH" => "-WRONGPASS invalid password",
            Peer::ReadOnly if is_script => "-READONLY You can't write against a read only replica.",
            Peer::Replies(reply) if is_script => reply,
            _ => reply(&command),
        };
        scripts += usize::from(is_script);
        stream.write_all(format!("{reply}\r\n").as_bytes())?;
    }
}

/// Returns the reply of a Redis with no data.
fn reply(command: &[String]) -> &'static str {
    let script = command[1].as_str();
    let (expiry, reply) = match command[0].as_str() {
        "EVAL" if script.contains("'signed_before'") => (&command[5], "+first"),
        "EVAL" if script.contains("PTTL") => (&command[5], ":-1"),
        "EVAL" => return ":1",
        "SET" => (&command[4], "+OK"),
        _ => return "+OK",
    };
    if is_expiry(expiry) {
        reply
    } else {
        "-ERR invalid expire time in 'set' command"
    }
}

/// Whether Redis can add its time to the milliseconds.
fn is_expiry(millis: &str) -> bool {
    let now = 2_000_000_000_000_i64;
    millis
        .parse::<i64>()
        .is_ok_and(|millis| millis > 0 && now.checked_add(millis).is_some())
}

/// Reads an array of bulk strings.
fn read_command(reader: &mut impl BufRead) -> Result<Vec<String>> {
    let arguments = read_length(reader, '*')?;
    (0..arguments)
        .map(|_| {
            let length = read_length(reader, '$')?;
            let mut bytes = vec![0; length + 2];
            reader.read_exact(&mut bytes)?;
            bytes.truncate(length);
            Ok(String::from_utf8(bytes).unwrap())
        })
        .collect()
}

fn read_length(reader: &mut impl BufRead, kind: char) -> Result<usize> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line.trim_end().strip_prefix(kind).unwrap().parse().unwrap())
}
