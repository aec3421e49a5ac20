//! Messages between the measuring program and the contenders.
//!
//! A contender is a process that verifies deliveries with the keys of its environment.
//! The first line of its standard output names its parts; then it answers each line of
//! standard input with a line:
//! - a [`Delivery`] with a [`Verdict`]; the contender stores the delivery,
//! - a [`Measure`] with a [`Measured`].
//!
//! All messages are JSON, so that contenders can be written in any language.

use std::hint::black_box;
use std::io::{BufRead as _, Write as _};
use std::time::Instant;

use serde::{Deserialize, Serialize};

/// The environment variables with a contender's keys.
pub const KEY_VARIABLES: [&str; 2] = ["QSTASH_CURRENT_SIGNING_KEY", "QSTASH_NEXT_SIGNING_KEY"];

/// The URL of all measured deliveries.
pub const URL: &str = "https://api.example.com/webhooks/orders";

/// The first line of a contender.
#[derive(Deserialize, Serialize)]
pub struct Hello {
    /// Names and versions of the SDK and of its cryptography.
    pub parts: String,
}

/// A received request.
#[derive(Deserialize, Serialize)]
pub struct Delivery {
    /// The value of the signature header.
    pub token: String,
    /// All headers.
    pub headers: Vec<(String, String)>,
    /// The body, as text: the official SDKs accept no other.
    pub body: String,
    /// The URL of the request.
    pub url: String,
    /// The path and query of the URL.
    pub path_and_query: String,
    /// The clock tolerance in seconds.
    pub tolerance: u64,
}

/// The result of verifying a delivery.
#[derive(Deserialize, Serialize)]
pub struct Verdict {
    /// The reason of a refusal.
    pub refused: Option<String>,
}

/// A request to verify a stored delivery repeatedly.
#[derive(Deserialize, Serialize)]
pub struct Measure {
    /// The index of the stored delivery.
    pub delivery: usize,
    /// The number of verifications, which must all accept.
    pub repeats: u32,
}

/// The result of a measurement.
#[derive(Deserialize, Serialize)]
pub struct Measured {
    /// Total time of all repeats.
    pub seconds: f64,
}

/// A contender in Rust.
pub trait Contender {
    /// Verifies a delivery.
    ///
    /// # Errors
    /// Returns the reason of a refusal.
    fn check(&self, delivery: &Delivery) -> Result<(), String>;

    /// Runs the measured work, by default [`check`](Self::check).
    fn run(&self, delivery: &Delivery) -> bool {
        self.check(delivery).is_ok()
    }
}

/// Answers messages until EOF on standard input.
pub fn serve(parts: String, contender: &impl Contender) {
    let mut deliveries: Vec<Delivery> = Vec::new();
    let mut output = std::io::stdout().lock();
    let mut answer = |line: String| {
        writeln!(output, "{line}").unwrap();
        output.flush().unwrap();
    };
    answer(json(&Hello { parts }));
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        if let Ok(Measure { delivery, repeats }) = serde_json::from_str(&line) {
            let delivery = &deliveries[delivery];
            let start = Instant::now();
            for _ in 0..repeats {
                let accepted = black_box(contender.run(black_box(delivery)));
                assert!(accepted, "a measured verification was refused");
            }
            let seconds = start.elapsed().as_secs_f64();
            answer(json(&Measured { seconds }));
        } else {
            let delivery = serde_json::from_str(&line).unwrap();
            let refused = contender.check(&delivery).err();
            deliveries.push(delivery);
            answer(json(&Verdict { refused }));
        }
    }
}

/// Serializes a message as a line of JSON.
pub fn json(message: &impl Serialize) -> String {
    serde_json::to_string(message).unwrap()
}

/// Returns the keys of the environment, current and next.
pub fn keys() -> [String; 2] {
    KEY_VARIABLES.map(|name| std::env::var(name).unwrap())
}

/// Returns name and locked version of a package that `of` depends on.
pub fn version(of: &str, package: &str) -> String {
    let lock = include_str!("../Cargo.lock").replace("\r\n", "\n");
    let entry = |name: &str| {
        let start = format!("\nname = \"{name}\"\nversion = \"");
        let (_, entry) = lock.split_once(&start)?;
        entry.split("\n[[package]]").next()
    };
    // `"sha2 0.11.1"` if several versions are locked, else `"sha2"`.
    let dependencies = entry(of).unwrap_or_else(|| panic!("{of} is not in the lock file"));
    let named = dependencies.lines().find_map(|line| {
        let line = line.trim().trim_matches([',', '"']);
        line.strip_prefix(package)?.strip_prefix(' ')
    });
    let only = || entry(package)?.split('"').next();
    let version = named.or_else(only);
    format!("{package} {}", version.unwrap_or("of an unknown version"))
}
