//! `verify`: verifies a captured delivery, or a log of them, and finds the causes
//! of a refusal.

mod attempt;
mod batch;
mod bodies;
mod causes;
mod explain;
mod json;
mod keys;
mod options;
mod report;
mod search;
mod urls;

use crate::output::{Failure, Outcome};
pub(crate) use options::Options;

pub(crate) fn run(options: &Options) -> Outcome {
    let keys = options.keys.read()?;
    if !options.batch && !options.base_url.is_empty() && options.path.is_none() {
        return Err(Failure::new(
            "--base-url needs --path: the path and query of the request, as its request line has \
             them",
        ));
    }
    let Some(signature) = &options.signature else {
        return batch::run(options, &keys);
    };
    let signature = signature.read("the signature")?;
    let body = options.body.read()?.ok_or_else(|| {
        Failure::new("there is no body: give it with --data or --body (--data '' if it is empty)")
    })?;
    if signature.trim().is_empty() {
        return Err(Failure::new("the signature is empty"));
    }
    explain::run(options, &keys, &signature, &body)
}
