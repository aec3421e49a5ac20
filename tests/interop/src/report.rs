//! The printed report.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::delivery::Case;
use crate::differences::Differences;
use crate::ours;
use crate::sdks::{Answers, Sdk};

/// Minimum number of deliveries of a run.
const MIN_DELIVERIES: usize = 20_000;
/// Maximum number of printed deliveries per fault.
const MAX_PRINTED: usize = 3;

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
    /// In order of first occurrence.
    rows: Vec<(&'static str, Row)>,
    /// Number of deliveries by fault and label.
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

    /// Counts a fault and prints the delivery.
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
        if *count > MAX_PRINTED {
            return;
        }
        println!(
            "\n{wrong}\n  delivery {index}: {}, `{}` {}",
            case.kind, case.label, case.detail
        );
        println!("  ours        {}", format_verdict(ours));
        for (sdk, (_, verdicts)) in answers {
            println!("  {:<11} {:?}", sdk.name(), verdicts[index]);
        }
        println!("  {}", case.delivery.sdk_input());
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

    /// Prints the summary; returns whether there are no faults.
    pub(crate) fn print(
        &self,
        seed: u64,
        differences: &Differences,
        unused: &[String],
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
        println!("also verified by the command: {}", self.by_command);
        let (stricter, laxer) = differences.len();
        println!("DIFFERENCES.md: {stricter} rows we refuse, {laxer} rows we accept");
        println!("{:.1} s", took.as_secs_f64());

        for ((wrong, label), count) in &self.faults {
            println!("FAULT: {wrong}: `{label}`, {count} times");
        }
        for entry in unused {
            println!("FAULT: no delivery matches: DIFFERENCES.md, {entry}; remove it");
        }
        if total < MIN_DELIVERIES {
            println!("FAULT: too few deliveries: {total}; {MIN_DELIVERIES} are required");
        }
        if !self.faults.is_empty() {
            println!("To print one delivery: scripts/interop --seed {seed} --show NUMBER");
        }
        self.faults.is_empty() && unused.is_empty() && total >= MIN_DELIVERIES
    }
}

fn format_verdict(verdict: &ours::Verdict) -> String {
    match verdict {
        Ok(()) => "Accepted".to_owned(),
        Err((code, message)) => format!("{code}: {message}"),
    }
}

/// Prints one delivery and its verdicts.
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
    println!("ours        {}", format_verdict(ours));
    for (_, verdict) in commands {
        println!("command     {}", format_verdict(verdict));
    }
    for (sdk, (_, verdicts)) in answers {
        println!("{:<11} {:?}", sdk.name(), verdicts[0]);
    }
    println!("{}", case.delivery.sdk_input());
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
