//! Comparison of our verdict with those of the SDKs.

use crate::delivery::{Case, Known};
use crate::differences::Differences;
use crate::generate::RANDOM;
use crate::ours;
use crate::report::Report;
use crate::sdks::{Sdk, Verdict};

/// Returns the fault in the verdicts on a case.
pub(crate) fn check<'a>(
    case: &Case,
    ours: &ours::Verdict,
    verdicts: impl Iterator<Item = (Sdk, &'a Verdict)>,
    differences: &mut Differences,
    report: &mut Report,
) -> Option<String> {
    let (mut accept, mut refuse) = (Vec::new(), Vec::new());
    for (sdk, verdict) in verdicts {
        match verdict {
            Verdict::Accepted => accept.push(sdk),
            Verdict::Refused(_) => refuse.push(sdk),
            Verdict::NotApplicable(_) => {}
        }
    }
    report.count(case, ours, &accept, &refuse);
    let random = RANDOM.contains(&case.label);
    match (ours, case.known) {
        (Err(_), Known::Genuine) => return Some("we refuse a genuine delivery".to_owned()),
        (Ok(()), Known::Forged) => return Some("we accept a forgery".to_owned()),
        (Ok(()), Known::Genuine) if !refuse.is_empty() => {
            return Some(format!("{} refuses a genuine delivery", names(&refuse)));
        }
        _ => {}
    }
    match ours {
        Ok(()) if refuse.len() == Sdk::ALL.len() => {
            Some("we accept what both SDKs refuse".to_owned())
        }
        Ok(()) if !refuse.is_empty() => {
            let listed = match random {
                true => differences.any_laxer(&refuse),
                false => differences.laxer(case.label, &refuse),
            };
            (!listed).then(|| {
                format!(
                    "we accept what {} refuses, which DIFFERENCES.md doesn't list",
                    names(&refuse)
                )
            })
        }
        Err((code, _)) if !accept.is_empty() => {
            let listed = match random {
                true => differences.any_stricter(code, &accept),
                false => differences.stricter(case.label, code, &accept),
            };
            (!listed).then(|| {
                format!(
                    "we refuse with `{code}` what {} accepts, which DIFFERENCES.md doesn't list",
                    names(&accept)
                )
            })
        }
        _ => None,
    }
}

/// Returns the fault if the command's verdict differs from the library's. The command
/// accepts published keys.
pub(crate) fn check_command(ours: &ours::Verdict, command: &ours::Verdict) -> Option<String> {
    let code = |verdict: &ours::Verdict| verdict.as_ref().err().map(|(code, _)| code.clone());
    match (code(ours), code(command)) {
        (Some(code), _) if code == ours::DEVELOPMENT => None,
        (ours, command) if ours == command => None,
        (_, command) => Some(format!(
            "`qstash-verify verify --batch` prints {}, but the library differs",
            command.as_deref().unwrap_or("ok")
        )),
    }
}

pub(crate) fn names(sdks: &[Sdk]) -> String {
    let names: Vec<_> = sdks.iter().map(|sdk| sdk.name()).collect();
    names.join(" and ")
}
