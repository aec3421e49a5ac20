//! Finds the cause of a refusal by trying variants of the input.

use std::ops::ControlFlow;

use http::Uri;
use qstash_verify::{KeyRing, PendingDelivery, SigningKeys, VerifyError};

use super::attempt::{Attempt, finish};
use super::explain::{Explanation, Failed, Step};
use super::search::End;
use super::{bodies, keys};
use crate::output::{Failure, Line, Short, count};

impl Explanation<'_> {
    /// Whether a service with these variables would not even start.
    fn is_unusable(&self) -> bool {
        self.keys.ring().is_err()
    }

    /// Records that the configured keys did not make the signature, and searches for
    /// those that did.
    pub(super) fn other_keys(
        &mut self,
        code: &'static str,
        step: Step,
        why: String,
    ) -> Option<KeyRing> {
        let found = keys::find(&self.attempt, self.signature, self.keys);
        let why = match &found {
            // The found cause says more than the refusal.
            Some(found) if step == Step::Signature || !self.is_unusable() => found.what.clone(),
            Some(found) => format!("{why}; {}", found.what),
            None => why,
        };
        self.failed.push(Failed { step, code, why });
        found.map(|found| found.ring)
    }

    /// Finds the signed URL among variants of the given one.
    pub(super) fn other_url(&self, ring: &KeyRing) -> Option<String> {
        let url = self.options.url.as_ref()?.trim();
        let (path, query) = match url.split_once('?') {
            Some((path, query)) => (path, format!("?{query}")),
            None => (url, String::new()),
        };
        let other_scheme = match url.split_once("://")? {
            ("https", rest) => format!("http://{rest}"),
            (_, rest) => format!("https://{rest}"),
        };
        let mut candidates = vec![
            ("with a `/` at its end", format!("{path}/{query}")),
            ("with the other scheme", other_scheme),
            ("without its query", path.to_owned()),
        ];
        if let Some(path) = path.strip_suffix('/') {
            candidates.push(("without the `/` at its end", format!("{path}{query}")));
        }
        for (what, candidate) in candidates {
            let attempt = Attempt {
                url: Some(candidate),
                ..self.attempt.clone()
            };
            let verdict = attempt.authenticate(ring, Some(self.signature));
            // An invalid variant is no match.
            if !matches!(verdict, Err(_) | Ok(Err(VerifyError::UrlMismatch { .. }))) {
                let sub = self.claim("sub").unwrap_or_default();
                return Some(format!(
                    "signed for {}, and --url is {}; {what}, it matches",
                    Short(&sub),
                    Line(url)
                ));
            }
        }
        Some(self.differing(url))
    }

    /// Describes the parts in which a URL differs from the signed one.
    fn differing(&self, url: &str) -> String {
        let sub = self.claim("sub").unwrap_or_default();
        let parts = |url: &str| {
            let uri: Uri = url.parse().ok()?;
            let authority = uri.authority()?.to_string();
            let scheme = uri.scheme_str()?.to_owned();
            let query = uri.query().unwrap_or_default().to_owned();
            Some([scheme, authority, uri.path().to_owned(), query])
        };
        let differing = match (parts(&sub), parts(url)) {
            (Some(signed), Some(given)) => ["scheme", "host or port", "path", "query"]
                .into_iter()
                .zip(signed.into_iter().zip(given))
                .filter(|(_, (signed, given))| signed != given)
                .map(|(name, _)| name)
                .collect(),
            _ => Vec::new(),
        };
        let differing = match differing.as_slice() {
            [] => "they are compared to the letter".to_owned(),
            names => format!("they differ in {}", names.join(", ")),
        };
        let (sub, url) = (Short(&sub), Line(url));
        format!("signed for {sub}, and --url is {url}; {differing}")
    }

    /// Finds the change to the body by undoing the usual ones.
    pub(super) fn other_body(&self, pending: &PendingDelivery) -> String {
        let given = count(self.body.len(), "byte");
        let mut is_signed = |variant: &[u8]| finish(pending.clone(), variant).is_ok();
        let cause = match bodies::search(self.body, &mut is_signed) {
            ControlFlow::Break(End::Found(what)) => format!("{what}, it matches"),
            _ if self.body.starts_with(b"\x1f\x8b") => {
                "it is compressed with gzip, perhaps since".to_owned()
            }
            ControlFlow::Break(End::Exhausted) => "something before the verifier changes it, or \
                 it is not the body of this delivery (not every way to write its JSON was tried)"
                .to_owned(),
            ControlFlow::Continue(()) => {
                "something before the verifier changes it, or it is not the body of this delivery"
                    .to_owned()
            }
        };
        format!(
            "body hash differs: the token has that of another body than the {given} given; {cause}"
        )
    }

    /// Checks the syntax of the token, which takes no keys.
    pub(super) fn check_syntax(&mut self) -> Result<(), Failure> {
        let ring = KeyRing::from(SigningKeys::development());
        match self.authenticate(&ring, self.signature)? {
            Err(reason @ VerifyError::MalformedToken { .. }) => {
                let why = self.other_token(&ring)?;
                let why = why.unwrap_or_else(|| reason.to_string());
                self.fail(&reason, why);
            }
            Err(reason @ VerifyError::UnsupportedAlgorithm) => {
                let why = reason.to_string();
                self.fail(&reason, why);
            }
            _ => {}
        }
        Ok(())
    }

    /// Finds extra characters around or within the token.
    pub(super) fn other_token(&self, ring: &KeyRing) -> Result<Option<String>, Failure> {
        let bare = self.signature.trim();
        let word = bare.rsplit([' ', ':']).next().unwrap_or(bare);
        let unbroken: String = bare.split_whitespace().collect();
        for (what, candidate) in [
            ("the white space around it", bare),
            ("the quotes around it", bare.trim_matches(['"', '\''])),
            ("what stands before it", word.trim_matches(['"', '\''])),
            ("the white space within it", &unbroken),
        ] {
            let verdict = self.authenticate(ring, candidate)?;
            if candidate != self.signature
                && !matches!(verdict, Err(VerifyError::MalformedToken { .. }))
            {
                return Ok(Some(format!(
                    "not a token as it stands; without {what}, it is one"
                )));
            }
        }
        Ok(None)
    }
}
