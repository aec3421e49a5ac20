//! `keys roll`: rolls the keys of a region.

use std::fmt;
use std::io::Write as _;
use std::time::Duration;

use clap::Args;
use qstash_verify::{Credentials, Region, variables};
use qstash_verify_keys::{FetchedKeys, KeyApi};
use serde_json::json;

use super::ask::{ConsolePair, Waiting, credentials};
use super::compare::{PairState, compare, pair_name};
use crate::environment::{Environment, EnvironmentOptions};
use crate::keys::require_readable;
use crate::output::{self, Failure, Line, Masked, Outcome, Verdict};
use crate::time;

/// Roll the keys of a region: next becomes current, and QStash makes a new next key
#[derive(Args, Debug)]
#[command(after_help = "\
Services with both present keys accept deliveries after the roll, with the next key. Those \
with older keys, or without next, refuse every delivery. A question on standard input says so, \
and whether the keys in this environment will be accepted.

Exit status: 0 if the keys were rolled; 2 if not, or if that is unknown.

--json prints one line: ok, region, host, and the new current and next key, masked.

Examples:
  qstash-verify keys roll
  In multi-region mode, without the question, and then update .env:
    qstash-verify keys roll --region US_EAST_1 --yes && qstash-verify keys --write .env")]
pub(super) struct Options {
    /// The region whose keys are rolled; needed if there are tokens for several
    #[arg(long)]
    region: Option<Region>,
    /// Don't ask
    #[arg(long, short)]
    yes: bool,
    /// Print one line of JSON
    #[arg(long)]
    json: bool,
    /// Time limit for each response
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = time::parse_seconds)]
    timeout: Duration,
    #[command(flatten)]
    environment: EnvironmentOptions,
}

pub(super) fn run(options: &Options) -> Outcome {
    let environment = options.environment.read()?;
    require_readable(&environment)?;
    let (region, credentials) = choose(options.region, credentials(&environment)?)?;
    let api = KeyApi::new(region, &credentials).map_err(Failure::new)?;
    let api = api.timeout(options.timeout);
    let runtime = super::runtime()?;
    let wait = |request| {
        runtime.block_on(async {
            let waiting = Waiting::start(vec![api.host().to_owned()], options.timeout);
            let answer: Result<FetchedKeys, _> = match request {
                Request::Fetch => api.fetch().await,
                Request::Roll => api.roll().await,
            };
            waiting.end();
            answer.map_err(Failure::new)
        })
    };
    let before = wait(Request::Fetch)?;
    let here = AfterRoll::of(region, &before, &environment);
    if !options.yes {
        confirm(region, api.host(), &before, here)?;
    } else if here == AfterRoll::Refuse {
        output::note(format_args!("the keys in this environment {here}"));
    }
    let after = wait(Request::Roll)?;
    if after.current() != before.next() {
        output::note(
            "current is not the key that was next: the keys were rolled by somebody else at the \
             same time",
        );
    }
    let [current, next] = [after.current(), after.next()].map(|key| Masked(key).to_string());
    if options.json {
        output::print_json(&json!({
            "ok": true,
            "region": region.map(Region::as_str),
            "host": api.host(),
            "current": current,
            "next": next,
        }))?;
    } else {
        output::print(format_args!(
            "rolled the keys of {} at {}: current {current}, next {next}\nset them in the \
             environment of each service: `qstash-verify keys --write FILE`\n",
            pair_name(region),
            Line(api.host())
        ))?;
    }
    Ok(Verdict::Good)
}

#[derive(Clone, Copy)]
enum Request {
    Fetch,
    Roll,
}

/// Chooses the pair to roll.
fn choose(
    region: Option<Region>,
    mut credentials: Vec<(Option<Region>, Credentials)>,
) -> Result<(Option<Region>, Credentials), Failure> {
    let Some(region) = region else {
        return match (credentials.pop(), credentials.as_slice()) {
            (Some(only), []) => Ok(only),
            _ => Err(Failure::new(
                "there are tokens for more than one pair of keys: give --region US_EAST_1 or \
                 EU_CENTRAL_1",
            )),
        };
    };
    let of_region = |(known, credentials): &(Option<Region>, Credentials)| match known {
        Some(known) => *known == region,
        // The default pair is that of the region that its URL belongs to.
        None => region.urls().contains(&credentials.url()),
    };
    let found = credentials
        .iter()
        .position(|(known, _)| *known == Some(region))
        .or_else(|| credentials.iter().position(of_region));
    match found {
        Some(at) => Ok(credentials.swap_remove(at)),
        None => Err(Failure::new(format!(
            "there is no token of {region}: set {} and {}",
            variables::REGION,
            variables::token(Some(region))
        ))),
    }
}

/// The effect of a roll on the keys of an environment.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AfterRoll {
    Accept,
    Refuse,
    NotSet,
}

impl AfterRoll {
    fn of(region: Option<Region>, before: &FetchedKeys, environment: &Environment) -> Self {
        let pair = ConsolePair {
            region,
            host: None,
            keys: Ok(before.clone()),
        };
        let state = compare(&pair, &[], environment).map(|comparison| comparison.state);
        match state {
            Some(PairState::UpToDate | PairState::Swapped) => AfterRoll::Accept,
            Some(PairState::NotSet) | None => AfterRoll::NotSet,
            Some(_) => AfterRoll::Refuse,
        }
    }
}

impl fmt::Display for AfterRoll {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AfterRoll::Accept => "accept deliveries until another roll",
            AfterRoll::Refuse => "refuse every delivery after the roll, unless they are updated",
            AfterRoll::NotSet => "are not set",
        })
    }
}

/// Says what a roll does, and asks for a yes on standard input.
fn confirm(
    region: Option<Region>,
    host: &str,
    before: &FetchedKeys,
    here: AfterRoll,
) -> Result<(), Failure> {
    let [current, next] = [before.current(), before.next()].map(|key| Masked(key).to_string());
    let mut stderr = anstream::stderr();
    let question = format!(
        "Rolling the keys of {} at {}:\n\
         - next ({next}) becomes current, and QStash makes a new next key;\n\
         - services with both present keys accept deliveries until another roll;\n\
         - services with older keys than current ({current}) refuse every delivery;\n\
         - the keys in this environment {here}.\n\
         Roll them? [yes/no] ",
        pair_name(region),
        Line(host)
    );
    write!(stderr, "{question}")?;
    stderr.flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    if answer.trim().eq_ignore_ascii_case("yes") {
        return Ok(());
    }
    if !answer.ends_with('\n') {
        writeln!(stderr)?;
    }
    Err(Failure::new(
        "nothing was rolled: answer yes, or give --yes",
    ))
}
