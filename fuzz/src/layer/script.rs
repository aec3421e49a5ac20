//! The script of a body and a handler, decoded from the fuzzer's bytes.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use http_body::SizeHint;

use crate::delivery::Delivery;
use crate::reader::Reader;

/// The steps, by the byte that announces them.
///
/// Bytes from 128 announce mutations of the delivery.
#[expect(missing_docs, reason = "see `Script::read`")]
pub mod step {
    pub const DATA: u8 = 0;
    pub const EMPTY: u8 = 1;
    pub const WAIT: u8 = 2;
    pub const WAIT_LONGER: u8 = 3;
    pub const ERROR: u8 = 4;
    pub const TRAILERS: u8 = 5;
    pub const OTHER: u8 = 6;
    pub const CUT: u8 = 7;
    pub const MANY: u8 = 8;
    pub const HINT: u8 = 9;
    pub const HANDLER: u8 = 10;
    /// Number of steps.
    pub const COUNT: u8 = 11;
    /// The first mutation.
    pub const CHANGE: u8 = 128;
}

/// The result of a poll of the body.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Data(Bytes),
    Trailers(HeaderMap),
    Error,
    /// Pending; woken during the poll or only after it.
    Wait {
        at_once: bool,
    },
}

/// The behaviour of the body and of the handler.
#[derive(Debug, Default)]
pub(super) struct Script {
    pub(super) delivery: Delivery,
    /// `Err` is a frame with this number of bytes of the delivery's body.
    steps: Vec<Result<Step, usize>>,
    /// Whether the rest of the delivery's body is dropped.
    cut: bool,
    hint: (u8, i16),
    pub(super) handler_waits: u8,
    pub(super) handler_fails: bool,
}

impl Script {
    pub(super) fn read(mut input: Reader<'_>) -> Self {
        let mut script = Script::default();
        while let Some(kind) = input.kind() {
            if kind >= step::CHANGE {
                script.delivery.change(kind - step::CHANGE, &mut input);
                continue;
            }
            let steps = &mut script.steps;
            match kind % step::COUNT {
                step::DATA => steps.push(Err(input.byte().into())),
                step::EMPTY => steps.push(Ok(Step::Data(Bytes::new()))),
                step::WAIT => steps.push(Ok(Step::Wait { at_once: true })),
                step::WAIT_LONGER => steps.push(Ok(Step::Wait { at_once: false })),
                step::ERROR => steps.push(Ok(Step::Error)),
                step::TRAILERS => {
                    let mut trailers = HeaderMap::new();
                    for value in [input.bytes(), input.bytes()] {
                        if let Ok(value) = HeaderValue::from_bytes(value) {
                            trailers.append("x-sum", value);
                        }
                    }
                    steps.push(Ok(Step::Trailers(trailers)));
                }
                step::OTHER => {
                    steps.push(Ok(Step::Data(Bytes::copy_from_slice(input.bytes()))));
                }
                step::CUT => script.cut = true,
                step::MANY => {
                    let size = usize::from(input.byte() % 4);
                    steps.extend((0..input.byte()).map(|_| Err(size)));
                }
                step::HINT => script.hint = (input.byte(), input.signed()),
                _ => {
                    script.handler_waits = input.byte() % 4;
                    script.handler_fails = input.byte() % 4 == 1;
                }
            }
        }
        script
    }

    pub(super) fn steps(&self, body: &[u8]) -> Vec<Step> {
        let mut left = Bytes::copy_from_slice(body);
        let mut take = |length: usize| left.split_to(length.min(left.len()));
        let mut steps: Vec<_> = self
            .steps
            .iter()
            .map(|step| match step {
                Ok(step) => step.clone(),
                Err(length) => Step::Data(take(*length)),
            })
            .collect();
        if !self.cut && !left.is_empty() {
            // Before the trailers, which come last in a well-formed body.
            let at = match steps.last() {
                Some(Step::Trailers(_)) => steps.len() - 1,
                _ => steps.len(),
            };
            steps.insert(at, Step::Data(left));
        }
        steps
    }

    pub(super) fn size_hint(&self, steps: &[Step]) -> SizeHint {
        let length: usize = steps.iter().map(data_length).sum();
        let near = (length as i64 + i64::from(self.hint.1))
            .max(0)
            .unsigned_abs();
        let mut hint = SizeHint::new();
        match self.hint.0 % 6 {
            0 => {}
            1 => hint = SizeHint::with_exact(length as u64),
            2 => hint = SizeHint::with_exact(near),
            3 => hint.set_lower(near),
            4 => hint.set_upper(near),
            _ => hint.set_lower(u64::MAX),
        }
        hint
    }
}

fn data_length(step: &Step) -> usize {
    match step {
        Step::Data(data) => data.len(),
        _ => 0,
    }
}
