//! What a run prints.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::delivery::Case;
use crate::differences::Differences;
use crate::judges::{Answers, Sdk};
use crate::ours;

/// So many deliveries a run must judge.
const AT_LEAST: usize = 20_000;
/// No more of one fault are printed.
const OF_EACH: usize = 3;

#[derive(Default)]
struct Row {
    cases: usize,
    accepted: usize,
    asked: BTreeMap<Sdk, usize>,
    agreed: BTreeMap<Sdk, usize>,
    stricter: usize,
    laxer: usize,
}

#[derive(Default)]
pub(crate) struct Report {
    sdks: Vec<(Sdk, String)>,
    /// In the order in which the kinds came.
    rows: Vec<(&'static str, Row)>,
    /// By what is wrong and with which kind of case: how often.
    faults: BTreeMap<(String, &'static str), usize>,
    by_command: usize,
}

impl Report {
    pub(crate) fn new(answers: &Answers) -> Self {
        let versions = answers
            .iter()
            .map(|(sdk, (version, _))| (*sdk, version.clone()));
        Report {
            sdks: versions.collect(),
            ..Report::default()
        }
    }

    pub(crate) fn count(
        &mut self,
        case: &Case,
        ours: &ours::Verdict,
        accept: &[Sdk],
        refuse: &[Sdk],
    ) {
        let at = self.rows.iter().position(|(kind, _)| *kind == case.kind);
        let at = at.unwrap_or_else(|| {
            self.rows.push((case.kind, Row::default()));
            self.rows.len() - 1
        });
        let (_, row) = &mut self.rows[at];
        row.cases += 1;
        row.accepted += usize::from(ours.is_ok());
        let (agree, differ) = if ours.is_ok() {
            (accept, refuse)
        } else {
            (refuse, accept)
        };
        for sdk in agree {
            *row.agreed.entry(*sdk).or_default() += 1;
        }
        for sdk in agree.iter().chain(differ) {
            *row.asked.entry(*sdk).or_default() += 1;
        }
        if !differ.is_empty() {
            match ours {
                Ok(()) => row.laxer += 1,
                Err(_) => row.stricter += 1,
            }
        }
    }

    /// Prints a fault, if there is one.
    pub(crate) fn wrong(
        &mut self,
        index: usize,
        case: &Case,
        ours: &ours::Verdict,
        answers: &Answers,
        wrong: Option<String>,
    ) {
        let Some(wrong) = wrong else {
            return;
        };
        let count = self.faults.entry((wrong.clone(), case.label)).or_default();
        *count += 1;
        if *count > OF_EACH {
            return;
        }
        println!(
            "\n{wrong}\n  delivery {index}: {}, `{}` {}",
            case.kind, case.label, case.detail
        );
        println!("  ours        {}", said(ours));
        for (sdk, (_, verdicts)) in answers {
            println!("  {:<11} {:?}", sdk.name(), verdicts[index]);
        }
        println!("  {}", case.delivery.for_judges());
    }

    pub(crate) fn command(
        &mut self,
        index: usize,
        case: &Case,
        ours: &ours::Verdict,
        answers: &Answers,
        wrong: Option<String>,
    ) {
        self.by_command += 1;
        self.wrong(index, case, ours, answers, wrong);
    }

    /// Prints the whole; whether all is well.
    pub(crate) fn print(
        &self,
        seed: u64,
        differences: &Differences,
        dead: &[String],
        took: Duration,
    ) -> bool {
        println!();
        for (sdk, version) in &self.sdks {
            println!("{:<11} {version}", sdk.name());
        }
        println!(
            "\n{:<15} {:>7} {:>9}  {:>17}  {:>17}  {:>8} {:>6}",
            "kind",
            "number",
            "we accept",
            "JavaScript agrees",
            "Python agrees",
            "stricter",
            "laxer"
        );
        let mut total = 0;
        for (kind, row) in &self.rows {
            total += row.cases;
            let agrees = |sdk: Sdk| {
                let of =
                    |counts: &BTreeMap<Sdk, usize>| counts.get(&sdk).copied().unwrap_or_default();
                format!("{} of {}", of(&row.agreed), of(&row.asked))
            };
            println!(
                "{kind:<15} {:>7} {:>9}  {:>17}  {:>17}  {:>8} {:>6}",
                row.cases,
                row.accepted,
                agrees(Sdk::JavaScript),
                agrees(Sdk::Python),
                row.stricter,
                row.laxer
            );
        }
        println!("{:<15} {total:>7}", "total");
        println!("the command judged {} of them, too", self.by_command);
        let (stricter, laxer) = differences.len();
        println!("DIFFERENCES.md: {stricter} rows of what we refuse, {laxer} of what we accept");
        println!("{:.1} s", took.as_secs_f64());

        for ((wrong, label), count) in &self.faults {
            println!("WRONG: `{label}`, {count} times: {wrong}");
        }
        for entry in dead {
            println!("WRONG: DIFFERENCES.md lists what was not met: {entry}");
        }
        if total < AT_LEAST {
            println!("WRONG: there must be {AT_LEAST} deliveries");
        }
        if !self.faults.is_empty() {
            println!("One of them again: scripts/interop --seed {seed} --show NUMBER");
        }
        self.faults.is_empty() && dead.is_empty() && total >= AT_LEAST
    }
}

fn said(verdict: &ours::Verdict) -> String {
    match verdict {
        Ok(()) => "Accepted".to_owned(),
        Err((code, message)) => format!("{code}: {message}"),
    }
}

/// All that is known of one delivery.
pub(crate) fn show(
    case: &Case,
    ours: &ours::Verdict,
    commands: &[(usize, ours::Verdict)],
    answers: &Answers,
) {
    println!(
        "{}, `{}` {}, {:?}",
        case.kind, case.label, case.detail, case.known
    );
    println!("ours        {}", said(ours));
    for (_, verdict) in commands {
        println!("command     {}", said(verdict));
    }
    for (sdk, (_, verdicts)) in answers {
        println!("{:<11} {:?}", sdk.name(), verdicts[0]);
    }
    println!("{}", case.delivery.for_judges());
    for token in &case.delivery.signatures {
        use base64::Engine as _;
        for part in token.split('.').take(2) {
            let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part);
            println!(
                "{:?}",
                bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            );
        }
    }
}
