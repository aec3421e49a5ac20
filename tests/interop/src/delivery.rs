//! A delivery and the receiver's settings, which determine the verdict.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

/// The receiver's URL.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Expected {
    Url(String),
    /// The base URL and the request target. SDKs receive both joined.
    Base {
        base: String,
        target: String,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Delivery {
    pub(crate) env: Vec<(&'static str, String)>,
    /// Keys given in code, current and next.
    pub(crate) explicit: Option<[String; 2]>,
    /// The receiver's clock, in milliseconds since the Unix epoch.
    pub(crate) at_ms: i64,
    /// The tolerance in seconds.
    pub(crate) tolerance: u32,
    pub(crate) expected: Option<Expected>,
    /// The `upstash-signature` headers.
    pub(crate) signatures: Vec<String>,
    /// The `upstash-region` headers.
    pub(crate) regions: Vec<String>,
    pub(crate) body: Vec<u8>,
}

impl Delivery {
    /// Returns the input of an SDK. Repeated headers are joined, as by Node and most
    /// servers.
    pub(crate) fn sdk_input(&self) -> String {
        let url = self.expected.as_ref().map(|expected| match expected {
            Expected::Url(url) => url.clone(),
            Expected::Base { base, target } => format!("{base}{target}"),
        });
        json!({
            "env": self.variables(),
            "explicit": self.explicit,
            "at_ms": self.at_ms,
            "tolerance": self.tolerance,
            "url": url,
            "signature": joined(&self.signatures),
            "region": joined(&self.regions),
            "body": std::str::from_utf8(&self.body).ok(),
        })
        .to_string()
    }

    /// Returns the input of `qstash-verify verify --batch`; `None` if it can't express
    /// the delivery.
    pub(crate) fn command_input(&self) -> Option<String> {
        let (url, base_url, path) = match &self.expected {
            Some(Expected::Base { base, target }) => (None, Some(base), Some(target)),
            Some(Expected::Url(url)) => (Some(url), None, None),
            None => (None, None, None),
        };
        if self.signatures.len() > 1 {
            return None;
        }
        let env = match &self.explicit {
            // A single pair in code equals one in variables.
            Some([current, next]) => json!({
                "QSTASH_CURRENT_SIGNING_KEY": current,
                "QSTASH_NEXT_SIGNING_KEY": next,
            }),
            None => self.variables(),
        };
        #[expect(clippy::cast_precision_loss, reason = "a time in milliseconds")]
        let at = self.at_ms as f64 / 1000.0;
        let line = json!({
            "env": env,
            "at": at,
            "tolerance": self.tolerance,
            "url": url,
            "base_url": base_url,
            "path": path,
            "signature": self.signatures.first(),
            "region": self.regions.first(),
            "body_base64": BASE64_STANDARD.encode(&self.body),
        });
        Some(line.to_string())
    }

    fn variables(&self) -> Value {
        let named = self.env.iter();
        Value::Object(
            named
                .map(|(name, value)| ((*name).to_owned(), value.as_str().into()))
                .collect(),
        )
    }
}

fn joined(values: &[String]) -> Option<String> {
    (!values.is_empty()).then(|| values.join(", "))
}

/// The expected verdict of a case.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Known {
    /// Every verifier must accept it.
    Genuine,
    /// We must refuse it.
    Forged,
    /// Unknown: only compared with the SDKs.
    Open,
}

/// A generated delivery.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Case {
    pub(crate) kind: &'static str,
    /// The name in DIFFERENCES.md.
    pub(crate) label: &'static str,
    /// A description for the report.
    pub(crate) detail: String,
    pub(crate) known: Known,
    pub(crate) delivery: Delivery,
}
