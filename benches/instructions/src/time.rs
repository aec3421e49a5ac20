//! The time of each case.

use std::time::{Duration, Instant};

use crate::cases::{self, Case};
use crate::request::{Floor, Request};

/// Measures every case.
pub(crate) fn all() -> Result<(), String> {
    println!(
        "                          whole unwrapped  crypto      own  ratio\n\
         own: whole less unwrapped and crypto; ratio: of own and crypto to crypto"
    );
    for case in cases::all() {
        let request = (case.request)();
        let [whole, floor, without] = fastest(&case, &request);
        let own = whole - without;
        println!(
            "{:<22} {:>8.0} {:>9.0} {:>7.0} {:>8.0} {:>6.3}   ns",
            case.name,
            whole,
            without,
            floor,
            own - floor,
            own / floor,
        );
    }
    Ok(())
}

/// Returns the nanoseconds of the work, of the cryptography, and of the same call without
/// verification: the 5th percentile of alternating samples, so that other load affects
/// all alike and little.
fn fastest(case: &Case, request: &Request) -> [f64; 3] {
    const SAMPLES: usize = 300;
    let floor = |repeats| {
        let start = Instant::now();
        request.floor(Floor::of(case.code), repeats);
        start.elapsed()
    };
    let work = |repeats| (case.work)(request, repeats).elapsed;
    let without = |repeats| {
        let without = case.without;
        without.map_or(Duration::ZERO, |without| without(request, repeats).elapsed)
    };
    let parts: [&dyn Fn(u64) -> Duration; 3] = [&work, &floor, &without];
    // A sample takes about 200 µs.
    let one = sample(&work, 3);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a small number"
    )]
    let repeats = (200_000.0 / one).max(1.0) as u64;
    let mut samples = parts.map(|_| Vec::new());
    for _ in 0..SAMPLES {
        for (part, samples) in parts.iter().zip(&mut samples) {
            samples.push(sample(part, repeats));
        }
    }
    samples.map(|mut samples| {
        samples.sort_by(f64::total_cmp);
        samples.get(SAMPLES / 20).copied().unwrap_or_default()
    })
}

fn sample(part: &dyn Fn(u64) -> Duration, repeats: u64) -> f64 {
    let elapsed = part(repeats);
    #[expect(clippy::cast_precision_loss, reason = "a small number")]
    let repeats = repeats as f64;
    elapsed.as_secs_f64() * 1e9 / repeats
}
