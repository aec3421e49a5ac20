//! Reads, writes and judges `ratios.txt`.

use std::fs;
use std::process::Command;

use crate::comparison::{Comparison, Measured};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/ratios.txt");

/// Tolerated difference from the committed ratio.
const SLACK: f64 = 0.03;
/// A ratio that varies more between rounds is not judged.
pub(crate) const MAX_SPREAD: f64 = 0.015;

pub(crate) struct Record {
    made_here: bool,
    ratios: Vec<(String, f64)>,
}

#[derive(Debug, PartialEq)]
pub(crate) enum Verdict {
    Within,
    Differs { committed: f64 },
    NotJudged(&'static str),
}

impl Record {
    pub(crate) fn read() -> Self {
        let text = fs::read_to_string(FILE).unwrap_or_default();
        Record::parse(&text, &made_with())
    }

    fn parse(text: &str, here: &str) -> Self {
        let (made_with, lines) = text.split_once('\n').unwrap_or_default();
        let ratios = lines.lines().filter_map(|line| {
            let (ratio, name) = line.split_once(' ')?;
            Some((name.to_owned(), ratio.parse().ok()?))
        });
        Record {
            made_here: made_with == here,
            ratios: ratios.collect(),
        }
    }

    pub(crate) fn judge(&self, name: &str, measured: &Measured) -> Verdict {
        let committed = self.ratios.iter().find(|(known, _)| known == name);
        match committed {
            None => Verdict::NotJudged("no committed ratio; run with --update"),
            Some(_) if !self.made_here => {
                Verdict::NotJudged("committed with another compiler or processor")
            }
            // NaN is not judged either.
            Some(_) if measured.spread.is_nan() || measured.spread > MAX_SPREAD => {
                Verdict::NotJudged("the host is too busy")
            }
            Some((_, ratio)) if (measured.ratio - ratio).abs() <= SLACK => Verdict::Within,
            Some((_, ratio)) => Verdict::Differs { committed: *ratio },
        }
    }
}

pub(crate) fn write(all: &[(Comparison, Measured)]) -> Result<(), std::io::Error> {
    let mut text = format!("{}\n", made_with());
    for (comparison, measured) in all {
        text += &format!("{:.3} {}\n", measured.ratio, comparison.name());
    }
    fs::write(FILE, text)
}

/// The compiler and the processor, which determine the ratios.
fn made_with() -> String {
    let output = Command::new("rustc").arg("--version").output();
    let compiler = output.map_or_else(|_| Vec::new(), |output| output.stdout);
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("unknown processor", |model| {
        model.trim_start_matches([' ', '\t', ':'])
    });
    format!("{}, {model}", String::from_utf8_lossy(&compiler).trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(ratio: f64, spread: f64) -> Measured {
        Measured {
            times: [1.0; 3],
            ratio,
            spread,
        }
    }

    #[test]
    fn ratio_is_judged_on_a_quiet_host_of_the_same_kind() {
        let text = "rustc 1, cpu\n1.140 axum, 1 KiB\n";
        let here = Record::parse(text, "rustc 1, cpu");
        let name = "axum, 1 KiB";
        assert_eq!(here.judge(name, &measured(1.165, 0.005)), Verdict::Within);
        assert_eq!(here.judge(name, &measured(1.115, 0.005)), Verdict::Within);
        let differs = Verdict::Differs { committed: 1.14 };
        assert_eq!(here.judge(name, &measured(1.175, 0.005)), differs);
        assert_eq!(here.judge(name, &measured(1.105, 0.005)), differs);

        let not_judged = |verdict| matches!(verdict, Verdict::NotJudged(_));
        assert!(not_judged(here.judge(name, &measured(1.14, 0.1))));
        assert!(not_judged(here.judge(name, &measured(1.14, f64::NAN))));
        assert!(not_judged(here.judge("other", &measured(1.14, 0.005))));
        let elsewhere = Record::parse(text, "rustc 1, other cpu");
        assert!(not_judged(elsewhere.judge(name, &measured(1.175, 0.005))));
    }
}
