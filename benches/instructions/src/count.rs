//! Counts instructions with valgrind.

use std::env::current_exe;
use std::process::Command;
use std::thread;

use crate::cases::{self, Case};
use crate::request::Floor;

/// The first argument of a run under valgrind.
pub(crate) const PLAY: &str = "play";

/// The instructions of one run of a case.
pub(crate) struct Count {
    pub(crate) case: &'static str,
    /// The whole call.
    pub(crate) whole: u64,
    /// The same call of a bare service.
    pub(crate) without: u64,
    /// The cryptography alone.
    pub(crate) floor: u64,
    /// `whole` less `without` and `floor`.
    pub(crate) own: u64,
}

/// Counts every case.
pub(crate) fn all() -> Result<Vec<Count>, String> {
    // Valgrind runs a program on one core, so two run at a time.
    let mut cases = cases::all();
    let half = cases.split_off(cases.len() / 2);
    thread::scope(|scope| {
        let other = scope.spawn(|| half.iter().map(count).collect::<Vec<_>>());
        let mut counts: Vec<_> = cases.iter().map(count).collect();
        counts.extend(other.join().map_err(|_| "a count has panicked")?);
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
        own: own.ok_or_else(|| format!("{}: its floor takes more than the whole", case.name))?,
    })
}

/// Returns the instructions of one repeat: the difference of two runs, divided by
/// their difference in repeats.
fn difference(case: &Case, part: &str) -> Result<u64, String> {
    const FEW: u64 = 4;
    // The seeds of a framework's hash maps are random; many repeats average out.
    let times = if case.without.is_some() { 1000 } else { 16 };
    let [few, more] = [FEW, FEW + times].map(|repeats| instructions(case.name, part, repeats));
    let more_times = more?.checked_sub(few?);
    let more_times = more_times.ok_or_else(|| format!("{}, {part}: more takes less", case.name))?;
    Ok(more_times / times)
}

fn instructions(case: &str, part: &str, repeats: u64) -> Result<u64, String> {
    let program = current_exe().map_err(|error| error.to_string())?;
    let output = Command::new("valgrind")
        .args(["--tool=cachegrind", "--cache-sim=no"])
        .arg("--cachegrind-out-file=/dev/null")
        .arg(program)
        .args([PLAY, case, part, &repeats.to_string()])
        // A log level in the environment would change the work.
        .env_clear()
        // The search of glibc's allocator depends on the seeds of hash maps; a larger
        // cache of freed chunks makes it search less.
        .env("GLIBC_TUNABLES", "glibc.malloc.tcache_count=127")
        .output()
        .map_err(|error| format!("valgrind can't be run, is it installed? {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let total = said.lines().find_map(|line| line.split_once("I   refs:"));
    let total = total.map(|(_, digits)| digits.trim().replace(',', ""));
    match total.and_then(|total| total.parse().ok()) {
        Some(total) if output.status.success() => Ok(total),
        _ => Err(format!("valgrind counted nothing for {case:?}:\n{said}")),
    }
}

/// Runs a part of a case a number of times: the work, the floor, or the same call
/// without verification.
pub(crate) fn play(case: &str, part: &str, repeats: &str) -> Result<(), String> {
    let cases = cases::all();
    let case = cases.iter().find(|known| known.name == case);
    let (Some(case), Ok(repeats)) = (case, repeats.parse()) else {
        return Err("there is no such case".to_owned());
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
