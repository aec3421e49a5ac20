//! Shell completions and man pages, made of the command line's own definition.

use std::io::Write as _;
use std::path::PathBuf;

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use crate::cli::Cli;
use crate::output::{Failure, Outcome, Verdict};

/// Print completions for a shell
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  qstash-verify completions bash > ~/.local/share/bash-completion/completions/qstash-verify
  qstash-verify completions fish > ~/.config/fish/completions/qstash-verify.fish
  qstash-verify completions zsh > ~/.zfunc/_qstash-verify   # a directory of $fpath")]
pub(crate) struct Completions {
    shell: Shell,
}

/// Print the man page, or write those of all commands into a directory
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  qstash-verify man | man -l -
  qstash-verify man ~/.local/share/man/man1")]
pub(crate) struct Man {
    /// Where to write a page for each command
    directory: Option<PathBuf>,
}

pub(crate) fn completions(options: &Completions) -> Outcome {
    let mut text = Vec::new();
    let mut command = Cli::command();
    let name = command.get_name().to_owned();
    clap_complete::generate(options.shell, &mut command, name, &mut text);
    std::io::stdout().write_all(&text)?;
    Ok(Verdict::Good)
}

pub(crate) fn man(options: &Man) -> Outcome {
    let command = Cli::command();
    match &options.directory {
        None => {
            let mut text = Vec::new();
            clap_mangen::Man::new(command).render(&mut text)?;
            std::io::stdout().write_all(&text)?;
        }
        Some(directory) => clap_mangen::generate_to(command, directory).map_err(|error| {
            Failure::new(format!(
                "the man pages can't be written into {}: {error}",
                directory.display()
            ))
        })?,
    }
    Ok(Verdict::Good)
}
