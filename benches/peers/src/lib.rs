//! What a contender and the program that measures them say to each other.
//!
//! A contender is a process that verifies deliveries with the keys of its
//! environment. Its standard output begins with a line that names its parts; then
//! each line of its standard input is answered with one of its own:
//! - a [`Delivery`] with a [`Verdict`]; the contender keeps the delivery,
//! - a [`Measure`] with what [`Measured`] says.
//!
//! All are JSON, so that a contender can be written in any language.

use std::hint::black_box;
use std::io::{BufRead as _, Write as _};
use std::time::Instant;

use serde::{Deserialize, Serialize};

/// The variables in which a contender finds its keys.
pub const KEY_VARIABLES: [&str; 2] = ["QSTASH_CURRENT_SIGNING_KEY", "QSTASH_NEXT_SIGNING_KEY"];

/// Where all genuine deliveries go that are measured.
pub const URL: &str = "https://api.example.com/webhooks/orders";

/// Which contender answers.
#[derive(Deserialize, Serialize)]
pub struct Hello {
    /// Its name and version, and those of what does the work in it.
    pub parts: String,
}

/// A request, received to its last byte.
#[derive(Deserialize, Serialize)]
pub struct Delivery {
    /// The value of the signature header.
    pub token: String,
    /// All headers.
    pub headers: Vec<(String, String)>,
    /// The body; text, since two of the official SDKs take no other.
    pub body: String,
    /// The URL at which it arrived.
    pub url: String,
    /// The path and query of the URL.
    pub path_and_query: String,
    /// How many seconds the clocks may differ.
    pub tolerance: u64,
}

/// What a contender thinks of a delivery.
#[derive(Deserialize, Serialize)]
pub struct Verdict {
    /// Why it refuses the delivery, if it does.
    pub refused: Option<String>,
}

/// Asks for a delivery to be verified many times over.
#[derive(Deserialize, Serialize)]
pub struct Measure {
    /// Which of those it keeps.
    pub delivery: usize,
    /// How often. All must be accepted.
    pub repeats: u32,
}

/// What it took.
#[derive(Deserialize, Serialize)]
pub struct Measured {
    /// All repeats together.
    pub seconds: f64,
}

/// A contender in Rust.
pub trait Contender {
    /// Says why the delivery is refused, if it is.
    fn check(&self, delivery: &Delivery) -> Result<(), String>;

    /// What is measured: the same, unless there is less to do.
    fn run(&self, delivery: &Delivery) -> bool {
        self.check(delivery).is_ok()
    }
}

/// Answers until there are no more questions.
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

/// A message as a line.
pub fn json(message: &impl Serialize) -> String {
    serde_json::to_string(message).unwrap()
}

/// The keys that the environment holds, current and next.
pub fn keys() -> [String; 2] {
    KEY_VARIABLES.map(|name| std::env::var(name).unwrap())
}

/// A package that `of` depends on, and its version, by this package's lock file.
pub fn version(of: &str, package: &str) -> String {
    let lock = include_str!("../Cargo.lock").replace("\r\n", "\n");
    let entry = |name: &str| {
        let start = format!("\nname = \"{name}\"\nversion = \"");
        let (_, entry) = lock.split_once(&start)?;
        entry.split("\n[[package]]").next()
    };
    // `"sha2 0.11.1"` where there are several, else `"sha2"`.
    let dependencies = entry(of).unwrap_or_else(|| panic!("{of} is not in the lock file"));
    let named = dependencies.lines().find_map(|line| {
        let line = line.trim().trim_matches([',', '"']);
        line.strip_prefix(package)?.strip_prefix(' ')
    });
    let only = || entry(package)?.split('"').next();
    let version = named.or_else(only);
    format!("{package} {}", version.unwrap_or("of an unknown version"))
}
