//! Standard input, which can only be read once.

use std::io::Read as _;
use std::sync::{Mutex, PoisonError};

use crate::output::Failure;

/// The name of the value that was read from standard input.
static READ: Mutex<Option<&str>> = Mutex::new(None);

/// Reads standard input to EOF. `what` names the value in errors.
///
/// # Errors
/// It was read before, or can't be read.
pub(crate) fn read_stdin(what: &'static str) -> Result<Vec<u8>, Failure> {
    let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(first) = read.replace(what) {
        return Err(Failure::new(format!(
            "standard input can't be both {first} and {what}: give one of them in a file"
        )));
    }
    let mut bytes = Vec::new();
    match std::io::stdin().read_to_end(&mut bytes) {
        Ok(_) => Ok(bytes),
        Err(error) => Err(Failure::new(format!(
            "{what} can't be read from standard input: {error}"
        ))),
    }
}

/// Returns whether standard input was read.
pub(crate) fn is_stdin_read() -> bool {
    READ.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .is_some()
}
