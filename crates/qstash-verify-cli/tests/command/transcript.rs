//! Transcripts of a shell, which are run again to compare their output.
//!
//! `$ env` is followed by the variables that are set, `$ cat FILE` by what is in
//! that file, `$ echo $?` by the exit status of the command before it; everything
//! else is run.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::directory::Directory;
use crate::process::COMMAND;

/// A shell in an empty directory, with no variables but `PATH`.
#[derive(Debug)]
pub(crate) struct Shell {
    directory: Directory,
    variables: Vec<(String, String)>,
    status: i32,
}

impl Shell {
    pub(crate) fn new() -> Self {
        Shell {
            directory: Directory::new(),
            variables: Vec::new(),
            status: 0,
        }
    }

    pub(crate) fn file(&self, name: &str, text: &str) {
        std::fs::write(self.directory.path().join(name), text).unwrap();
    }

    /// Runs the commands of a transcript and returns the new transcript. `edit` changes
    /// a command before it is run.
    pub(crate) fn play(&mut self, transcript: &str, edit: impl Fn(&str) -> String) -> String {
        let mut played = String::new();
        let mut rest = transcript;
        while !rest.is_empty() {
            let (line, behind) = rest.split_once('\n').unwrap_or((rest, ""));
            rest = behind;
            played.push_str(line);
            played.push('\n');
            let Some(mut line) = line.strip_prefix("$ ").map(str::to_owned) else {
                // Text before the first command.
                continue;
            };
            while line.ends_with('\\') {
                let (more, behind) = rest.split_once('\n').unwrap();
                (line, rest) = (format!("{line}\n{more}"), behind);
                played.push_str(more);
                played.push('\n');
            }
            let end = if rest.starts_with("$ ") {
                0
            } else {
                rest.find("\n$ ").map_or(rest.len(), |at| at + 1)
            };
            let (shown, behind) = rest.split_at(end);
            rest = behind;
            played.push_str(&self.run(&line, shown, &edit));
        }
        played
    }

    fn run(&mut self, line: &str, shown: &str, edit: impl Fn(&str) -> String) -> String {
        if line == "env" {
            let variables = shown.lines().map(|line| line.split_once('=').unwrap());
            let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
            self.variables.extend(variables);
            return shown.to_owned();
        }
        if let Some(name) = line.strip_prefix("cat ") {
            self.file(name, shown);
            return shown.to_owned();
        }
        if line == "echo $?" {
            return format!("{}\n", self.status);
        }
        let path = std::env::var("PATH").unwrap();
        let output = Command::new("sh")
            .args(["-c", &format!("{{ {}\n}} 2>&1", edit(line))])
            .current_dir(self.directory.path())
            .env_clear()
            .env(
                "PATH",
                format!("{}:{path}", Path::new(COMMAND).parent().unwrap().display()),
            )
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        self.status = output.status.code().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }
}
