//! The body of a delivery, from the command line, a file or standard input.

use std::io::IsTerminal as _;
use std::path::Path;

use clap::Args;

use crate::input::{is_stdin_read, read_stdin};
use crate::output::{self, Failure};

#[derive(Args, Debug)]
#[group(id = "body_source", multiple = false)]
pub(crate) struct Body {
    /// The body; as in curl, @FILE reads a file byte for byte, and @- standard input
    #[arg(
        long,
        short,
        value_name = "TEXT|@FILE",
        allow_hyphen_values = true,
        visible_alias = "data-binary"
    )]
    data: Option<String>,
    /// The body as text, even if it begins with @
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    data_raw: Option<String>,
    /// The file with the body, read byte for byte; - is standard input, which is the
    /// default unless it is a terminal
    #[arg(long, value_name = "FILE")]
    body: Option<String>,
}

/// The source of a body.
enum Source<'a> {
    Text(&'a str),
    File(&'a str),
    Stdin,
}

impl Body {
    fn source(&self) -> Option<Source<'_>> {
        if let Some(text) = &self.data_raw {
            return Some(Source::Text(text));
        }
        let file = match (&self.data, &self.body) {
            (Some(data), _) => match data.strip_prefix('@') {
                Some(file) => file,
                None => return Some(Source::Text(data)),
            },
            (None, Some(file)) => file,
            (None, None) => return None,
        };
        Some(match file {
            "-" => Source::Stdin,
            file => Source::File(file),
        })
    }

    /// Returns the bytes; `None` without an option if standard input is a terminal.
    pub(crate) fn read(&self) -> Result<Option<Vec<u8>>, Failure> {
        match self.source() {
            Some(Source::Text(text)) => Ok(Some(text.as_bytes().to_vec())),
            Some(Source::Stdin) => read_stdin("the body").map(Some),
            Some(Source::File("")) => Err(Failure::new(
                "the body's file has no name: write @FILE, or --data-raw for text that begins \
                 with @",
            )),
            Some(Source::File(path)) => match std::fs::read(path) {
                Ok(bytes) => Ok(Some(bytes)),
                Err(error) => {
                    let hint = match &self.data {
                        Some(_) => "; --data-raw takes text that begins with @",
                        None => "",
                    };
                    Err(Failure::new(format!(
                        "the body can't be read from {path}: {error}{hint}"
                    )))
                }
            },
            None if std::io::stdin().is_terminal() || is_stdin_read() => Ok(None),
            None => {
                let bytes = read_stdin("the body")?;
                if bytes.is_empty() {
                    output::note(
                        "the body is empty: nothing is on standard input; give a body with --data \
                         or --body",
                    );
                }
                Ok(Some(bytes))
            }
        }
    }

    /// Returns the file of the body, if it can be read again.
    pub(crate) fn file(&self) -> Option<&Path> {
        match self.source()? {
            Source::File(path) => Some(Path::new(path)),
            Source::Text(_) | Source::Stdin => None,
        }
    }
}
