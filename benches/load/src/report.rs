//! Printed results.

use crate::results::{Comparison, Memory, Results, Round};
use crate::statistics::Figures;

pub(crate) fn print(comparison: &Comparison) {
    let name = format!(
        "{}, {}",
        comparison.framework.name(),
        comparison.traffic.name()
    );
    println!(
        "\n{name:26} {:>10} {:>8} {:>8} {:>8} {:>8} {:>7} {:>7} {:>6} {:>8}",
        "requests/s", "p50 ms", "p90 ms", "p99 ms", "p99.9 ms", "CPU µs", "idle", "busy", "waiting"
    );
    let [bare, floor, wrapped] = [&comparison.bare, &comparison.floor, &comparison.wrapped]
        .map(|rounds| Figures::new(rounds));
    for (name, figures) in [
        ("bare", &bare),
        ("MAC and hash", &floor),
        ("wrapped", &wrapped),
    ] {
        if figures.cpu.is_nan() {
            continue;
        }
        let [p50, p90, p99, p999] = figures.latencies;
        println!(
            "  {name:24} {:>10.0} {p50:>8.3} {p90:>8.3} {p99:>8.3} {p999:>8.3} {:>7.2} {:>7.2} {:>4.0} % {:>6.0} %",
            figures.per_second,
            figures.cpu,
            figures.idle,
            figures.busy * 100.0,
            figures.waiting * 100.0,
        );
        if figures.closed > 0 {
            println!("    closed {} connections", figures.closed);
        }
    }
    let pairs = comparison.wrapped.len();
    for (name, ratio) in [
        (
            "wrapped/bare, requests/s",
            comparison.ratio(Round::per_second),
        ),
        ("wrapped/bare, CPU", comparison.ratio(Round::cpu)),
        ("MAC and hash/bare, requests/s", comparison.floor()),
    ] {
        if !ratio.median.is_nan() {
            println!(
                "  {name}: {:.3}, the median of {pairs} pairs from {:.3} to {:.3}",
                ratio.median, ratio.min, ratio.max
            );
        }
    }
    let user = comparison.user_over_floor();
    if user.is_finite() {
        // A server that waits for its core shares it, and its caches, with others.
        let busy = if wrapped.waiting > 0.1 {
            "; not judged: the host is too busy"
        } else {
            ""
        };
        println!("  wrapped/floor, user CPU: {user:.2}{busy}");
    }
    println!(
        "  wrapped/bare, CPU when idle: {:.3}",
        wrapped.idle / bare.idle
    );
}

pub(crate) fn print_memory(memory: &Memory) {
    println!(
        "{} {}: {} KiB of memory after the warm-up, {} KiB {} requests later",
        memory.framework.name(),
        memory.variant.name(),
        memory.before,
        memory.after,
        memory.requests,
    );
}

pub(crate) fn print_answers(results: &Results) {
    println!(
        "\n{} correct responses of wrapped servers, {} wrong responses of any",
        results.answers, results.wrong
    );
}
