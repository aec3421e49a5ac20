//! `send`: sends a delivery and retries it as QStash does.

mod answer;
mod client;
mod connector;
mod corrupt;
mod options;
mod report;
mod retry;
mod sender;

use qstash_verify::{KeyRing, KeySource, Region, variables};

use crate::environment::Environment;
use crate::output::{self, Failure, Outcome, Verdict};

pub(crate) use client::{HttpClient, for_url, no_answer};
pub(crate) use options::Options;
use report::Reporter;
use sender::Sender;

pub(crate) fn run(options: &Options) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(send(options))
}

async fn send(options: &Options) -> Outcome {
    let keys = options.keys.read()?;
    let ring = keys.ring_or_development()?;
    let sender = Sender {
        options,
        client: for_url(&options.target.uri)?,
        ring: &ring,
        is_without_keys: keys.ring().is_err(),
        reporter: Reporter {
            json: options.json,
            include: options.include,
        },
    };
    let body = options.body.read()?.unwrap_or_default();
    let published = options.url.as_ref().unwrap_or(&options.target.text);
    let mut message = options
        .message
        .message(published, body, &keys.environment)?;
    if options.both_regions {
        let mut verdict = Verdict::Good;
        require_both(&ring, &keys.environment)?;
        for region in Region::ALL {
            message.region = *region;
            message.id = options.message.id();
            if sender.deliver(&message).await? == Verdict::Bad {
                verdict = Verdict::Bad;
            }
        }
        return Ok(verdict);
    }
    note_default_pair(&ring, message.region);
    match options.corrupt {
        Some(corrupt) => sender.deliver_corrupt(&message, corrupt).await,
        None => sender.deliver(&message).await,
    }
}

/// Fails unless each region has a pair of its own, since a delivery signed with
/// another key proves nothing.
fn require_both(ring: &KeyRing, environment: &Environment) -> Result<(), Failure> {
    let own = |region: &Region| ring.key_source(Some(*region)) == Some(KeySource::Region);
    if Region::ALL.iter().all(own) {
        return Ok(());
    }
    let keys = Region::ALL
        .iter()
        .flat_map(|region| variables::signing_keys(Some(*region)));
    let missing: Vec<_> = std::iter::once(variables::REGION)
        .chain(keys)
        .filter(|name| environment.set(name).is_none())
        .map(|name| match environment.get(name) {
            Some(_) => format!("{name} (empty)"),
            None => name.to_owned(),
        })
        .collect();
    let missing = match missing.as_slice() {
        [] => "--current-key or QSTASH_DEV replaces them".to_owned(),
        missing => format!("not set: {}", missing.join(", ")),
    };
    Err(Failure::new(format!(
        "--both-regions needs a pair of keys for each region; {missing}"
    )))
}

fn note_default_pair(ring: &KeyRing, region: Region) {
    let source = |region: &Region| ring.key_source(Some(*region));
    let regional = |region: &Region| source(region) == Some(KeySource::Region);
    if !regional(&region) && Region::ALL.iter().any(regional) {
        output::note(format_args!(
            "no keys of {region} are set: signed with the default pair, which is right only if \
             those are its keys"
        ));
    }
}
