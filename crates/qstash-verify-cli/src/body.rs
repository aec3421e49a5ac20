//! Where a body comes from: the command line, a file, standard input.

use std::io::{IsTerminal as _, Read as _};
use std::path::PathBuf;

use clap::Args;

use crate::output::{self, Failure};

#[derive(Args, Debug)]
#[group(id = "body_source", multiple = false)]
pub(crate) struct Body {
    /// The body, as text
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    data: Option<String>,
    /// The file with the body, byte for byte; - is standard input, which is also
    /// read where neither is given and it is no terminal
    #[arg(long, value_name = "FILE")]
    body: Option<PathBuf>,
}

impl Body {
    /// The bytes; `None` if nothing was given, and there is nothing to read.
    pub(crate) fn read(&self) -> Result<Option<Vec<u8>>, Failure> {
        match (&self.data, &self.body) {
            (Some(text), _) => Ok(Some(text.clone().into_bytes())),
            (None, Some(path)) if path.as_os_str() == "-" => stdin().map(Some),
            (None, Some(path)) => match std::fs::read(path) {
                Ok(bytes) => Ok(Some(bytes)),
                Err(error) => Err(Failure::new(format!(
                    "the body can't be read from {}: {error}",
                    path.display()
                ))),
            },
            (None, None) if std::io::stdin().is_terminal() => Ok(None),
            (None, None) => {
                let bytes = stdin()?;
                if bytes.is_empty() {
                    output::note("the body is empty, for standard input was (--data, --body)");
                }
                Ok(Some(bytes))
            }
        }
    }

    /// The file, if it is one that can be read again.
    pub(crate) fn file(&self) -> Option<&PathBuf> {
        self.body.as_ref().filter(|path| path.as_os_str() != "-")
    }
}

fn stdin() -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    match std::io::stdin().read_to_end(&mut bytes) {
        Ok(_) => Ok(bytes),
        Err(error) => Err(Failure::new(format!(
            "the body can't be read from standard input: {error}"
        ))),
    }
}
