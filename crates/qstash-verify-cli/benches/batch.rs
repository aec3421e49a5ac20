//! Duration of the command's start, and of a batch of 100,000 deliveries on one core.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and an error must stop it"
)]

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use qstash_verify::SigningKeys;
use qstash_verify::signing::SignedDelivery;

const CURRENT_KEY: &str = "sig_benchCurrent";
const NEXT_KEY: &str = "sig_benchNext";

const COMMAND: &str = env!("CARGO_BIN_EXE_qstash-verify");
const LINES: usize = 100_000;

fn main() {
    // `cargo test --benches` measures nothing.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let starting = fastest(50, || run(Command::new(COMMAND).arg("--version")));
    println!("to start: {:.1} ms", starting.as_secs_f64() * 1000.0);

    let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join("batch.jsonl");
    write_log(&log);
    let batch = fastest(5, || {
        run(Command::new(COMMAND)
            .args(["verify", "--batch", "--no-env-file"])
            .env("QSTASH_CURRENT_SIGNING_KEY", CURRENT_KEY)
            .env("QSTASH_NEXT_SIGNING_KEY", NEXT_KEY)
            .stdin(File::open(&log).unwrap()));
    });
    std::fs::remove_file(&log).unwrap();
    println!(
        "{LINES} lines with bodies of 1 KiB: {:.2} s, {:.0} lines a second",
        batch.as_secs_f64(),
        LINES as f64 / batch.as_secs_f64()
    );
}

fn write_log(path: &Path) {
    let mut log = BufWriter::new(File::create(path).unwrap());
    let now = SystemTime::now();
    let at = now.duration_since(UNIX_EPOCH).unwrap().as_secs();
    let keys = SigningKeys::new(CURRENT_KEY, NEXT_KEY).unwrap();
    for number in 0..LINES {
        let body = format!("{{\"id\":{number:06},\"text\":\"{}\"}}", "x".repeat(1001));
        assert_eq!(body.len(), 1024);
        let url = "https://example.com/orders";
        let delivery = SignedDelivery::new(url, body.as_str(), &keys, now);
        let line = serde_json::json!({
            "signature": delivery.token(),
            "body": body,
            "region": "US-EAST-1",
            "url": "https://example.com/orders",
            "at": at,
        });
        writeln!(log, "{line}").unwrap();
    }
    log.flush().unwrap();
}

fn fastest(times: usize, mut run: impl FnMut()) -> Duration {
    let took = (0..times).map(|_| {
        let begun = Instant::now();
        run();
        begun.elapsed()
    });
    took.min().unwrap_or_default()
}

/// Runs the command to a successful end.
fn run(command: &mut Command) {
    assert!(command.stdout(Stdio::null()).status().unwrap().success());
}
