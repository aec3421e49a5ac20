//! The verifier: `verify`, and `authenticate` with the body in chunks.

use std::future::Future as _;
use std::io;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use qstash_verify::{ReplayProtection, RequestHead, Verified, Verifier, VerifyError};
use qstash_verify_tests::{Answer, TARGET};

use super::Implementation;
use crate::cases::{Body, Delivery};

pub(crate) struct Core {
    verifier: Verifier,
    replay: ReplayProtection,
    calls: usize,
}

impl Implementation for Core {
    fn start(verifier: Verifier, replay: ReplayProtection) -> Self {
        Core {
            verifier,
            replay,
            calls: 0,
        }
    }

    fn send(&mut self, delivery: &Delivery, message_id: &str) -> Answer {
        let headers = headers(delivery, message_id);
        let headers = headers.iter().map(|(name, value)| (*name, &**value));
        let head = RequestHead::new(headers, TARGET);
        let result = self.receive(delivery, &head);
        if let Body::Whole(body) = &delivery.body {
            match (&result, self.verifier.verify(&head, body)) {
                (Ok(_), Ok(_)) => {}
                (Err(chunked), Err(whole)) => assert_eq!(*chunked, whole),
                (chunked, whole) => panic!("{chunked:?}, but `verify` returns {whole:?}"),
            }
        }
        match result.and_then(|received| self.check_replay(received)) {
            Ok((verified, body)) => {
                assert_eq!(verified.claims().iss(), "Upstash");
                self.calls += 1;
                answer(200, &[], &body)
            }
            Err(refused) => {
                refused.log(&head);
                answer(
                    refused.status(),
                    refused.headers(),
                    refused.body().as_bytes(),
                )
            }
        }
    }

    fn calls(&self) -> usize {
        self.calls
    }
}

impl Core {
    fn check_replay<T>(&self, received: (Verified, T)) -> Result<(Verified, T), VerifyError> {
        let Some(check) = self.replay.check(&received.0) else {
            return Ok(received);
        };
        match pin!(check).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(outcome) => outcome.map(|()| received),
            Poll::Pending => panic!("the stores of the cases answer at once"),
        }
    }

    /// Verifies the head, then the body in chunks, as an adapter does.
    fn receive(
        &self,
        delivery: &Delivery,
        head: &RequestHead<'_>,
    ) -> Result<(Verified, Vec<u8>), VerifyError> {
        let mut pending = self.verifier.authenticate(head)?;
        let (read, error) = match &delivery.body {
            Body::Declared(_) => {
                panic!("a declared length over the limit is refused before the body")
            }
            Body::Whole(body) | Body::Chunks(body) => (&body[..], None),
            // The core reads no body; a reader would fail with these errors.
            Body::Truncated(body) => (&body[..body.len() - 1], Some(io::ErrorKind::UnexpectedEof)),
            Body::TruncatedChunks(body) => (&body[..], Some(io::ErrorKind::UnexpectedEof)),
            Body::MalformedChunks(body) => (&body[..], Some(io::ErrorKind::InvalidData)),
        };
        for chunk in read.chunks(5) {
            pending.update(chunk)?;
        }
        match error {
            Some(error) => Err(VerifyError::body_unreadable(&io::Error::from(error))),
            None => Ok((pending.finish()?, read.to_vec())),
        }
    }
}

fn headers(delivery: &Delivery, message_id: &str) -> Vec<(&'static str, String)> {
    let mut headers = vec![("upstash-message-id", message_id.to_owned())];
    let signatures = delivery.signatures.iter();
    headers.extend(signatures.map(|value| ("upstash-signature", value.clone())));
    let region = delivery.region.map(str::to_owned);
    headers.extend(region.map(|region| ("upstash-region", region)));
    let length = match &delivery.body {
        Body::Whole(body) | Body::Truncated(body) => body.len().to_string(),
        Body::Declared(length) => length.to_string(),
        Body::Chunks(_) | Body::TruncatedChunks(_) | Body::MalformedChunks(_) => return headers,
    };
    headers.push(("content-length", length));
    headers
}

fn answer(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let headers = headers.iter();
    let headers = headers.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Answer {
        line: format!("HTTP/1.1 {status}"),
        headers: headers.collect(),
        body: body.to_vec(),
    }
}
