//! Causes of refusals, found by trying variants of the input.

use std::ops::ControlFlow;

use qstash_verify::{KeyRing, PendingDelivery, VerifyError};

use super::attempt::finish;
use super::explain::{Explanation, Failed, Step};
use super::search::End;
use super::{bodies, keys};
use crate::output::{Failure, count};

impl Explanation<'_> {
    /// Records that the keys in use did not make the signature, and returns those that
    /// did.
    pub(super) fn other_keys(
        &mut self,
        code: &'static str,
        step: Step,
        why: String,
    ) -> Option<KeyRing> {
        let found = keys::find(&self.attempt, self.signature, self.keys);
        let why = match &found {
            // The cause is more specific than the refusal.
            Some(found) if step != Step::Start => found.what.clone(),
            Some(found) => format!("{why}; {}", found.what),
            None => why,
        };
        self.failed.push(Failed { step, code, why });
        found.map(|found| found.ring)
    }

    /// Describes the change to the body, if it is a common one.
    pub(super) fn other_body(&self, pending: &PendingDelivery) -> String {
        let given = count(self.body.len(), "byte");
        let mut is_signed = |variant: &[u8]| finish(pending.clone(), variant).is_ok();
        let cause = match bodies::search(self.body, &mut is_signed) {
            ControlFlow::Break(End::Found(what)) => format!("with {what}, it matches"),
            _ if self.body.starts_with(b"\x1f\x8b") => {
                "it is compressed with gzip, perhaps after it was signed".to_owned()
            }
            ControlFlow::Break(End::Exhausted) => "something before the verifier changes it, or \
                 it is not the body of this delivery (not every serialisation of its JSON was tried)"
                .to_owned(),
            ControlFlow::Continue(()) => {
                "something before the verifier changes it, or it is not the body of this delivery"
                    .to_owned()
            }
        };
        format!(
            "body hash differs: the token was signed for another body than these {given}; {cause}"
        )
    }

    /// Describes extra characters around or within the token, if there are any.
    pub(super) fn other_token(&self, ring: &KeyRing) -> Result<Option<String>, Failure> {
        let bare = self.signature.trim();
        let word = bare.rsplit([' ', ':']).next().unwrap_or(bare);
        let unbroken: String = bare.split_whitespace().collect();
        for (what, candidate) in [
            ("the white space around it", bare),
            ("the quotes around it", bare.trim_matches(['"', '\''])),
            ("the text before it", word.trim_matches(['"', '\''])),
            ("the white space within it", &unbroken),
        ] {
            let verdict = self.authenticate(ring, candidate)?;
            if candidate != self.signature
                && !matches!(verdict, Err(VerifyError::MalformedToken { .. }))
            {
                return Ok(Some(format!("not a token; without {what}, it is one")));
            }
        }
        Ok(None)
    }
}
