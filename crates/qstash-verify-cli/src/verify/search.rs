//! Bounded search for the signed variant of a body.

use std::ops::ControlFlow;

/// Tries variants of a body.
pub(super) struct Search<'a> {
    given: &'a [u8],
    is_signed: &'a mut dyn FnMut(&[u8]) -> bool,
    bytes_left: usize,
    attempts_left: usize,
}

/// The reason for an early end of a search.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The change that gives the signed body.
    Found(String),
    /// The limit of the work was reached.
    Exhausted,
}

/// Hashing this takes a second or two.
const MAX_BYTES: usize = 1024 * 1024 * 1024;
const MAX_ATTEMPTS: usize = 100_000;

impl<'a> Search<'a> {
    pub(super) fn new(given: &'a [u8], is_signed: &'a mut dyn FnMut(&[u8]) -> bool) -> Self {
        Search {
            given,
            is_signed,
            bytes_left: MAX_BYTES,
            attempts_left: MAX_ATTEMPTS,
        }
    }

    /// Tries a variant, unless it is the given body.
    pub(super) fn attempt(
        &mut self,
        what: impl FnOnce() -> String,
        variant: &[u8],
    ) -> ControlFlow<End> {
        if variant == self.given {
            return ControlFlow::Continue(());
        }
        let Some(attempts) = self.attempts_left.checked_sub(1) else {
            return ControlFlow::Break(End::Exhausted);
        };
        self.spend(variant.len())?;
        self.attempts_left = attempts;
        if (self.is_signed)(variant) {
            ControlFlow::Break(End::Found(what()))
        } else {
            ControlFlow::Continue(())
        }
    }

    /// Counts bytes that were written without an attempt as work.
    pub(super) fn spend(&mut self, bytes: usize) -> ControlFlow<End> {
        match self.bytes_left.checked_sub(bytes) {
            Some(left) => {
                self.bytes_left = left;
                ControlFlow::Continue(())
            }
            None => ControlFlow::Break(End::Exhausted),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Returns the change that makes `signed` of `arrived`.
    pub(in super::super) fn found(arrived: &str, signed: &str) -> Option<String> {
        let mut is_signed = |variant: &[u8]| variant == signed.as_bytes();
        match super::super::bodies::search(arrived.as_bytes(), &mut is_signed) {
            ControlFlow::Break(End::Found(what)) => Some(what),
            _ => None,
        }
    }

    #[test]
    fn bytes_without_an_attempt_count_as_work() {
        let mut is_signed = |_: &[u8]| false;
        let mut search = Search::new(b"", &mut is_signed);
        for _ in 0..16 {
            assert!(search.spend(64 * 1024 * 1024).is_continue());
        }
        let what = || String::new();
        assert_eq!(
            search.attempt(what, b"x"),
            ControlFlow::Break(End::Exhausted)
        );
    }

    #[test]
    fn work_is_bounded() {
        let mut is_signed = |_: &[u8]| false;
        let mut search = Search::new(b"", &mut is_signed);
        let megabyte = vec![0; 1024 * 1024];
        let what = || String::new();
        for _ in 0..1024 {
            assert!(search.attempt(what, &megabyte).is_continue());
        }
        assert_eq!(
            search.attempt(what, b"x"),
            ControlFlow::Break(End::Exhausted)
        );

        let mut count = 0;
        let mut is_signed = |_: &[u8]| {
            count += 1;
            false
        };
        // Ten integers, of which each may have been a float.
        let body = br#"[1,2,3,4,5,6,7,8,9,0,"\u00e9/<\b\u2028\u007f"]"#;
        let end = super::super::bodies::search(body, &mut is_signed);
        assert_eq!(end, ControlFlow::Break(End::Exhausted));
        assert_eq!(count, MAX_ATTEMPTS);
    }
}
