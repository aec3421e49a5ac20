//! `verify`: verifies captured deliveries and explains refusals.

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
            "--path is missing: --base-url needs the path and query of the request line",
        ));
    }
    let Some(signature) = &options.signature else {
        return batch::run(options, &keys);
    };
    let signature = signature.read("the signature")?;
    let body = options.body.read()?.ok_or_else(|| {
        Failure::new(
            "the body is missing: give it with --data or --body (--data '' if it is empty)",
        )
    })?;
    if signature.trim().is_empty() {
        return Err(Failure::new(
            "the signature is empty: --signature; give the value of the header upstash-signature",
        ));
    }
    explain::run(options, &keys, &signature, &body)
}
