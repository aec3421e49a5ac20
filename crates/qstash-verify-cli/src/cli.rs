//! The command line: what `--help`, the completions and the man pages say.

use clap::{Parser, Subcommand};

use crate::{check, generate, listen, send, sign, verify};

/// Is my QStash set-up right, why was this delivery refused, and a QStash on my
/// desk
#[derive(Debug, Parser)]
#[command(
    name = "qstash-verify",
    version,
    arg_required_else_help = true,
    subcommand_required = true,
    after_help = "\
Examples:
  Is everything set, for both regions?
    qstash-verify check
  Why was this delivery refused?
    qstash-verify verify --signature \"$TOKEN\" --body body.json --region US-EAST-1
  Send my service a delivery as QStash would:
    qstash-verify send http://127.0.0.1:3000/webhook --data '{\"id\":7}'
  See what arrives, and pass on what is genuine:
    qstash-verify listen --forward http://127.0.0.1:8000

Keys are read from the variables of QStash (QSTASH_CURRENT_SIGNING_KEY, …), those of
this process first and then those of the file .env.

Exit status: 0 all is well, 1 there is a finding, 2 the command was used wrongly or
could not run."
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
    Completions(generate::Completions),
    Man(generate::Man),
}
