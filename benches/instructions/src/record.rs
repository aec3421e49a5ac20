//! Reads, compares and writes counts.txt.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use crate::count::Count;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/counts.txt");

/// Tolerated change of a count in percent. A lower count fails as well, so that the gain
/// is recorded.
const SLACK: u64 = 3;

/// Writes `counts.txt`.
pub(crate) fn write(counts: &[Count]) -> Result<(), String> {
    let mut text = format!("{}\n", made_with()?);
    for count in counts {
        let _ = writeln!(text, "{:>7} {}", count.own, count.case);
    }
    fs::write(FILE, text).map_err(|error| format!("can't write the counts: {FILE}: {error}"))?;
    table(counts, &[]);
    Ok(())
}

/// Compares with `counts.txt`.
pub(crate) fn compare(counts: &[Count]) -> Result<(), String> {
    let text = fs::read_to_string(FILE)
        .map_err(|error| format!("can't read the counts: {FILE}: {error}"))?;
    let (recorded_with, lines) = text.split_once('\n').unwrap_or_default();
    let recorded: Vec<(&str, u64)> = lines.lines().filter_map(read).collect();
    table(counts, &recorded);

    let here = made_with()?;
    if here != recorded_with {
        // Other compilers generate other code.
        println!(
            "\nNOT COMPARED: counts.txt is from {recorded_with}, this is {here};\n\
             run with --update before and after a change"
        );
        return Ok(());
    }
    let names = |list: &mut dyn Iterator<Item = &str>| list.collect::<Vec<_>>().join("; ");
    let unknown = names(
        &mut recorded
            .iter()
            .map(|(case, _)| *case)
            .filter(|case| counts.iter().all(|count| count.case != *case)),
    );
    let changed = names(&mut counts.iter().filter_map(|count| {
        let before = recorded.iter().find(|(case, _)| *case == count.case);
        let fits =
            before.is_some_and(|(_, before)| count.own.abs_diff(*before) * 100 <= before * SLACK);
        (!fits).then_some(count.case)
    }));
    let faults = [
        (format!("counts differ by more than {SLACK} %"), changed),
        ("unknown cases in counts.txt".to_owned(), unknown),
    ];
    let faults: Vec<_> = faults
        .iter()
        .filter(|(_, cases)| !cases.is_empty())
        .map(|(fault, cases)| format!("{fault}: {cases}"))
        .collect();
    if faults.is_empty() {
        return Ok(());
    }
    Err(format!(
        "{}; if intended, run with --update and commit counts.txt with the reason",
        faults.join("; ")
    ))
}

fn read(line: &str) -> Option<(&str, u64)> {
    let (count, case) = line.trim().split_once(' ')?;
    Some((case, count.parse().ok()?))
}

fn table(counts: &[Count], recorded: &[(&str, u64)]) {
    println!(
        "                             whole  unwrapped       crypto      own   before\n\
         own: whole less unwrapped and crypto; before: own in counts.txt"
    );
    for count in counts {
        let before = recorded.iter().find(|(case, _)| *case == count.case);
        let before = before.map_or_else(String::new, |(_, before)| before.to_string());
        println!(
            "{:<22} {:>11} {:>10} {:>12} {:>8} {before:>8}",
            count.case, count.whole, count.without, count.floor, count.own
        );
    }
}

/// Returns the tools and CPU features that determine the counts.
fn made_with() -> Result<String, String> {
    let version = |program: &str| {
        let output = Command::new(program).arg("--version").output();
        let output = output.map_err(|error| format!("{program}: {error}"))?;
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Ok::<_, String>(text)
    };
    Ok(format!(
        "{}, {}, {} {}",
        version("rustc")?,
        version("valgrind")?,
        std::env::consts::ARCH,
        vectors()
    ))
}

/// The CPU feature by which base64, memchr and the C library choose vector code.
#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
fn vectors() -> &'static str {
    if std::is_x86_feature_detected!("avx2") {
        "avx2"
    } else {
        "no avx2"
    }
}

#[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
fn vectors() -> &'static str {
    "unknown CPU features"
}
