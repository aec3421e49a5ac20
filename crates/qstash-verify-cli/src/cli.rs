//! The command line, which `--help`, completions and man pages are generated from.

use clap::error::{ContextKind, ContextValue};
use clap::{Parser, Subcommand};

use crate::output::{Line, Masked};
use crate::{check, console, generate, listen, send, sign, verify};

/// Check a QStash configuration, explain refused deliveries, and develop locally
/// without QStash
#[derive(Debug, Parser)]
#[command(
    name = "qstash-verify",
    version,
    arg_required_else_help = true,
    subcommand_required = true,
    after_help = "\
Examples:
  Check the variables, of one region or both:
    qstash-verify check
  Explain why a delivery was refused:
    qstash-verify verify --signature \"$TOKEN\" --body body.json --region US-EAST-1
  Send a delivery as QStash does:
    qstash-verify send http://127.0.0.1:3000/webhook --data '{\"id\":7}'
  Receive deliveries, and forward the genuine ones:
    qstash-verify listen --forward http://127.0.0.1:8000
  Compare the keys with those of the QStash console:
    qstash-verify keys

Keys are read from QStash's variables (QSTASH_CURRENT_SIGNING_KEY, …): from the \
environment first, then from the file .env.

Exit status: 0 success; 1 a check or a delivery failed; 2 the command was used wrongly \
or could not run; 1 of keys: a key is stale. With --json each command prints one JSON \
value a line.

Control and invisible characters in received text are printed as escapes."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Check(check::Options),
    Verify(verify::Options),
    Sign(sign::Options),
    Send(send::Options),
    Listen(listen::Options),
    Keys(console::Options),
    Completions(generate::Completions),
    Man(generate::Man),
}

/// Masks misplaced keys and tokens in an error of the command line.
pub(crate) fn mask_secrets(mut error: clap::Error) -> clap::Error {
    for kind in [
        ContextKind::InvalidArg,
        ContextKind::InvalidValue,
        ContextKind::InvalidSubcommand,
    ] {
        let Some(ContextValue::String(given)) = error.get(kind) else {
            continue;
        };
        // Names of options come as `--data <TEXT>`.
        let shown = if given.starts_with('-') {
            Line(given).to_string()
        } else {
            without_secrets(given)
        };
        error.insert(kind, ContextValue::String(shown));
    }
    error
}

/// Masks each word that is long enough for a key or a token.
fn without_secrets(text: &str) -> String {
    const LONG: usize = 16;
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '+' | '=');
    let mut shown = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let end = match rest.find(|c| !is_word(c)) {
            // A separator.
            Some(0) => c.len_utf8(),
            Some(end) => end,
            None => rest.len(),
        };
        let (word, tail) = rest.split_at_checked(end).unwrap_or((rest, ""));
        if word.chars().count() < LONG {
            shown.push_str(&Line(word).to_string());
        } else {
            shown.push_str(&Masked(word).to_string());
        }
        rest = tail;
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misplaced_secrets_are_masked() {
        for (given, shown) in [
            ("127.0.0.1:3000/webhook", "127.0.0.1:3000/webhook"),
            ("sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r", "sig_…6r"),
            (
                "Authorization Bearer supersecret1234567",
                "Authorization Bearer supe…67",
            ),
            (
                "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJlc2lnbmF0dXJl",
                "eyJh…J9.e30.c2ln…Jl",
            ),
            ("a\u{1b}[2J", "a\\u{1b}[2J"),
            ("", ""),
        ] {
            assert_eq!(without_secrets(given), shown);
        }
    }

    #[test]
    fn command_line_is_well_formed() {
        <Cli as clap::CommandFactory>::command().debug_assert();
    }
}
