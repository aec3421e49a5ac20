//! `completions` and `man`, generated from the definition of the command line.

use std::path::PathBuf;

use clap::{Args, Command};
use clap_complete::Shell;

use crate::output::{self, Failure, Outcome, Verdict};

/// Print completions for a shell
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  mkdir -p ~/.local/share/bash-completion/completions
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
    /// The directory to write a page for each command to
    directory: Option<PathBuf>,
}

pub(crate) fn completions(options: &Completions, mut command: Command) -> Outcome {
    let mut text = Vec::new();
    let name = command.get_name().to_owned();
    clap_complete::generate(options.shell, &mut command, &name, &mut text);
    let mut text = String::from_utf8_lossy(&text).into_owned();
    if options.shell == Shell::Bash {
        // The generator has two spellings of one label if the name has a `-`.
        let (one, other) = (name.replace('-', "__subcmd__"), name.replace('-', "__"));
        text = text.replace(&one, &other);
    }
    output::print_bytes(text.as_bytes())?;
    Ok(Verdict::Good)
}

pub(crate) fn man(options: &Man, command: Command) -> Outcome {
    let mut command = command.disable_help_subcommand(true);
    command.build();
    let Some(directory) = &options.directory else {
        output::print_bytes(&page(&command)?)?;
        return Ok(Verdict::Good);
    };
    let written = || -> Result<(), Failure> {
        std::fs::create_dir_all(directory)?;
        let mut commands = vec![&command];
        while let Some(command) = commands.pop() {
            commands.extend(command.get_subcommands());
            let name = command.get_display_name().unwrap_or(command.get_name());
            let path = directory.join(format!("{name}.1"));
            std::fs::write(path, page(command)?)?;
        }
        Ok(())
    };
    match written() {
        Ok(()) => Ok(Verdict::Good),
        Err(Failure(reason)) => Err(Failure::new(format!(
            "man pages can't be written to {}: {reason}",
            directory.display()
        ))),
    }
}

/// Renders the man page of a command.
fn page(command: &Command) -> Result<Vec<u8>, Failure> {
    let notes = command.get_after_help().map(ToString::to_string);
    let man = clap_mangen::Man::new(command.clone().after_help(""));
    let mut text = Vec::new();
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut text)?;
    }
    if let Some(notes) = notes {
        text.extend_from_slice(b".SH NOTES AND EXAMPLES\n");
        let mut is_filled = true;
        for line in notes.lines() {
            if line.is_empty() {
                text.extend_from_slice(b".PP\n");
                continue;
            }
            // Examples keep their line breaks, so that they can be copied.
            let fill = !line.starts_with(' ') && line != "Examples:";
            if fill != is_filled {
                text.extend_from_slice(if fill { b".fi\n" } else { b".nf\n" });
                is_filled = fill;
            }
            // `\&` keeps a leading dot or quote from being a roff request.
            let line = line
                .replace('\\', "\\e")
                .replace('-', "\\-")
                .replace('\'', "\\(aq");
            text.extend_from_slice(format!("\\&{line}\n").as_bytes());
        }
        if !is_filled {
            text.extend_from_slice(b".fi\n");
        }
    }
    if command.get_version().is_some() {
        man.render_version_section(&mut text)?;
    }
    Ok(text)
}
