//! Counts instructions with valgrind.

use std::env::current_exe;
use std::path::Path;
use std::process::Command;
use std::thread;

use crate::cases::{self, Case};
use crate::request::Floor;

/// The first argument of a run under valgrind.
pub(crate) const RUN: &str = "run";

/// The instructions of one run of a case.
pub(crate) struct Count {
    pub(crate) case: &'static str,
    /// Instructions of the call.
    pub(crate) whole: u64,
    /// Instructions of the same call without verification.
    pub(crate) without: u64,
    /// Instructions of the cryptography.
    pub(crate) floor: u64,
    /// `whole` less `without` and `floor`.
    pub(crate) own: u64,
}

/// Counts every case.
pub(crate) fn all() -> Result<Vec<Count>, String> {
    // Valgrind uses one core, so two cases run concurrently.
    let mut cases = cases::all();
    let half = cases.split_off(cases.len() / 2);
    thread::scope(|scope| {
        let other = scope.spawn(|| half.iter().map(count).collect::<Vec<_>>());
        let mut counts: Vec<_> = cases.iter().map(count).collect();
        counts.extend(other.join().map_err(|_| "a counting thread panicked")?);
        counts.into_iter().collect()
    })
}

fn count(case: &Case) -> Result<Count, String> {
    let whole = difference(case, "work")?;
    let floor = difference(case, "floor")?;
    let without = match case.without {
        Some(_) => difference(case, "without")?,
        None => 0,
    };
    let own = whole.checked_sub(floor + without);
    Ok(Count {
        case: case.name,
        whole,
        without,
        floor,
        own: own.ok_or_else(|| format!("floor exceeds the call: {}; repeat the run", case.name))?,
    })
}

/// Returns the instructions per repeat, from two runs with different repeats.
fn difference(case: &Case, part: &str) -> Result<u64, String> {
    const FEW: u64 = 4;
    // Hash maps of the frameworks have random seeds; many repeats average out.
    let times = if case.without.is_some() { 1000 } else { 16 };
    let [few, more] = [FEW, FEW + times].map(|repeats| instructions(case.name, part, repeats));
    let more_times = more?.checked_sub(few?);
    let more_times = more_times.ok_or_else(|| {
        format!(
            "more repeats take fewer instructions: {}, {part}; repeat the run",
            case.name
        )
    })?;
    Ok(more_times / times)
}

fn instructions(case: &str, part: &str, repeats: u64) -> Result<u64, String> {
    let program = current_exe().map_err(|error| error.to_string())?;
    let (Some(directory), Some(name)) = (program.parent(), program.file_name()) else {
        return Err("the program has no path".to_owned());
    };
    let output = Command::new("valgrind")
        .args(["--tool=cachegrind", "--cache-sim=no"])
        .arg("--cachegrind-out-file=/dev/null")
        // The length of a whole path moves the stack, and `memmove` does more or less work
        // by how far its operands are apart.
        .current_dir(directory)
        .arg(Path::new(".").join(name))
        .args([RUN, case, part, &repeats.to_string()])
        // A log level in the environment would change the count.
        .env_clear()
        // The work of glibc's allocator depends on the seeds of hash maps; a larger cache
        // reduces it.
        .env("GLIBC_TUNABLES", "glibc.malloc.tcache_count=127")
        .output()
        .map_err(|error| format!("can't run valgrind: {error}; install it"))?;
    let printed = String::from_utf8_lossy(&output.stderr);
    let total = printed
        .lines()
        .find_map(|line| line.split_once("I   refs:"));
    let total = total.map(|(_, digits)| digits.trim().replace(',', ""));
    match total.and_then(|total| total.parse().ok()) {
        Some(total) if output.status.success() => Ok(total),
        _ => Err(format!(
            "no count in valgrind's output: {case:?}:\n{printed}"
        )),
    }
}

/// Runs a part of a case (`work`, `floor` or `without`) a number of times.
pub(crate) fn run(case: &str, part: &str, repeats: &str) -> Result<(), String> {
    let cases = cases::all();
    let case = cases.iter().find(|known| known.name == case);
    let (Some(case), Ok(repeats)) = (case, repeats.parse()) else {
        return Err("unknown case or number of repeats".to_owned());
    };
    let request = (case.request)();
    match (part, case.without) {
        ("floor", _) => request.floor(Floor::of(case.code), repeats),
        ("without", Some(without)) => {
            without(&request, repeats);
        }
        _ => {
            (case.work)(&request, repeats);
        }
    }
    Ok(())
}
