//! A server process, with its CPU time and memory on Linux.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::failure::Failure;
use crate::target::Target;

/// A server process; dropping it stops the server.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    pub(crate) port: u16,
}

/// CPU time of a server since its start.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    /// Time on a core.
    pub(crate) busy: Duration,
    /// Time waiting for a core.
    pub(crate) waiting: Duration,
    /// Time on a core outside the kernel, in steps of 10 ms.
    pub(crate) user: Duration,
}

impl Usage {
    pub(crate) fn since(self, before: Usage) -> Usage {
        Usage {
            busy: self.busy.saturating_sub(before.busy),
            waiting: self.waiting.saturating_sub(before.waiting),
            user: self.user.saturating_sub(before.user),
        }
    }
}

impl Process {
    pub(crate) fn start(target: Target) -> Result<Self, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["serve", target.framework.name(), target.variant.name()]);
        if let Some(core) = target.core {
            command.args(["--core", &core.to_string()]);
        }
        if target.log {
            command.arg("--log");
        }
        // The server exits at EOF, so that it never outlives this process.
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let output = child.stdout.take();
        let mut process = Process { child, port: 0 };
        let mut line = String::new();
        if let Some(output) = output {
            BufReader::new(output).read_line(&mut line)?;
        }
        process.port = line
            .trim()
            .parse()
            .map_err(|_| "a server did not start; see its error above")?;
        Ok(process)
    }

    /// Returns the anonymous memory in KiB.
    pub(crate) fn memory(&self) -> Result<u64, Failure> {
        let maps = self.read("smaps_rollup")?;
        let number = maps.lines().find_map(|line| {
            let mut words = line.split_whitespace();
            (words.next()? == "Anonymous:").then(|| words.next()?.parse().ok())?
        });
        number.ok_or_else(|| {
            "no memory figure: smaps_rollup has no line Anonymous; use another kernel".into()
        })
    }

    /// Returns the CPU time of all threads.
    pub(crate) fn usage(&self) -> Result<Usage, Failure> {
        let mut usage = Usage {
            user: user_time(&self.read("stat")?),
            ..Usage::default()
        };
        for thread in fs::read_dir(self.path("task")).map_err(|error| only_linux(&error))? {
            let path = thread?.path().join("schedstat");
            let line = fs::read_to_string(path).map_err(|error| only_linux(&error))?;
            let mut numbers = line.split_whitespace().map(str::parse);
            if let (Some(Ok(busy)), Some(Ok(waiting))) = (numbers.next(), numbers.next()) {
                usage.busy += Duration::from_nanos(busy);
                usage.waiting += Duration::from_nanos(waiting);
            }
        }
        Ok(usage)
    }

    fn read(&self, name: &str) -> Result<String, Failure> {
        Ok(fs::read_to_string(self.path(name)).map_err(|error| only_linux(&error))?)
    }

    fn path(&self, name: &str) -> String {
        format!("/proc/{}/{name}", self.child.id())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have exited already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Parses `utime` of `proc_pid_stat(5)`, whose unit is always a hundredth of a second in
/// user space.
fn user_time(stat: &str) -> Duration {
    // The name of the program may have spaces; the state follows, the third field.
    let (_, fields) = stat.rsplit_once(')').unwrap_or_default();
    let ticks = fields.split_whitespace().nth(11);
    let ticks: u64 = ticks.and_then(|ticks| ticks.parse().ok()).unwrap_or(0);
    Duration::from_millis(10 * ticks)
}

fn only_linux(error: &std::io::Error) -> String {
    format!("can't read the server's usage: /proc: {error}; run on Linux")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_time_is_the_fourteenth_field() {
        let stat = "7 (a b) c) S 1 2 3 4 5 6 7 8 9 10 250 12 13";
        assert_eq!(user_time(stat), Duration::from_millis(2500));
    }
}
