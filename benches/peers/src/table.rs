//! Printed tables and notes.

use std::process::Command;

use crate::contenders::{Contender, QSTASH_RS};
use crate::deliveries::Shape;
use crate::{ROUNDS, SIZES};

/// Prints the machine and the contenders.
pub(crate) fn machine(contenders: &[Contender]) {
    let cpus = std::thread::available_parallelism().map_or(0, usize::from);
    println!(
        "{}, {cpus} CPUs, SHA instructions: {}; {}",
        processor(),
        sha_instructions(),
        compiler()
    );
    for contender in contenders {
        println!("{:<14}  {}", contender.name, contender.parts);
    }
}

fn processor() -> String {
    let file = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = file.lines().find(|line| line.starts_with("model name"));
    let model = model.and_then(|line| line.split_once(": "));
    model
        .map_or(std::env::consts::ARCH, |(_, name)| name)
        .to_owned()
}

/// Returns whether the CPU has SHA instructions, which determine the cost of hashing.
fn sha_instructions() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    let there = Some(std::arch::is_x86_feature_detected!("sha"));
    #[cfg(target_arch = "aarch64")]
    let there = Some(std::arch::is_aarch64_feature_detected!("sha2"));
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    let there = None;
    match there {
        Some(true) => "yes",
        Some(false) => "no",
        None => "unknown",
    }
}

fn compiler() -> String {
    let output = Command::new("rustc").arg("--version").output();
    let version = output
        .ok()
        .and_then(|output| String::from_utf8(output.stdout).ok());
    version
        .as_deref()
        .map_or("rustc of an unknown version", str::trim)
        .to_owned()
}

/// Prints the tables. `samples` are sorted, by size and contender.
pub(crate) fn print(contenders: &[Contender], samples: &[Vec<Vec<f64>>], accepts: &[Option<bool>]) {
    let title = format!("median of {ROUNDS} rounds");
    rows(&title, contenders, samples, accepts, ROUNDS / 2);
    rows("fastest round", contenders, samples, accepts, 0);
}

/// Prints a table of the samples at `rank`.
fn rows(
    title: &str,
    contenders: &[Contender],
    samples: &[Vec<Vec<f64>>],
    accepts: &[Option<bool>],
    rank: usize,
) {
    print!("\n{title:<20}");
    for (name, _) in SIZES {
        print!("{name:>17}");
    }
    println!("  accepts QStash's tokens");
    for ((contender, samples_of_it), accepts) in contenders.iter().zip(samples).zip(accepts) {
        print!("{:<20}", contender.name);
        for (own, ours) in samples_of_it.iter().zip(&samples[0]) {
            let ratio = own[rank] / ours[rank];
            print!(
                "{:>9} {:>7}",
                time(own[rank]),
                format!("×{}", digits(ratio))
            );
        }
        println!(
            "  {}",
            match accepts {
                Some(true) => "yes",
                Some(false) => "no",
                None => "-",
            }
        );
    }
}

fn time(seconds: f64) -> String {
    let (value, unit) = match seconds {
        ..1e-6 => (seconds * 1e9, "ns"),
        1e-6..1e-3 => (seconds * 1e6, "µs"),
        _ => (seconds * 1e3, "ms"),
    };
    format!("{} {unit}", digits(value))
}

/// Formats a value with three significant digits.
fn digits(value: f64) -> String {
    let decimals = match value {
        ..10.0 => 2,
        10.0..100.0 => 1,
        _ => 0,
    };
    format!("{value:.decimals$}")
}

/// Returns notes on the tables.
pub(crate) fn notes(captures: &[String]) -> String {
    let headers = Shape::Production.delivery(0).headers.len();
    let captures = captures.join("\n  ");
    format!(
        "
× is the ratio to ours. On a busy machine, the fastest rounds are closer to an idle one.
Token, body (ASCII) and URL of a received delivery are verified, the URL not by the
floor. Ours looks up the signature among {headers} headers; the others receive it.
JavaScript's verifications are awaited sequentially.
The floor is one HMAC-SHA256 with a prepared key and one SHA-256 of the body.
QStash's tokens of 2026 have \"aud\":\"\" and \"nbf\":-62135596800. {QSTASH_RS} was
measured with tokens that it can parse: without aud, and with iat as nbf. Captured
deliveries, and whether it accepts them if their age is tolerated:
  {captures}"
    )
}
