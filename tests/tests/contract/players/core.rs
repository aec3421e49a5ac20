//! The verifier itself, in one step and in two.

use std::io;

use qstash_verify::{RequestHead, Verified, Verifier, VerifyError};
use qstash_verify_tests::{Answer, TARGET};

use super::Player;
use crate::cases::{Body, Delivery};

pub(crate) struct Core {
    verifier: Verifier,
    calls: usize,
}

impl Player for Core {
    fn start(verifier: Verifier) -> Self {
        Core { verifier, calls: 0 }
    }

    fn play(&mut self, delivery: &Delivery, message_id: &str) -> Answer {
        let headers = headers(delivery, message_id);
        let headers = headers.iter().map(|(name, value)| (*name, &**value));
        let head = RequestHead::new(headers, TARGET);
        let result = self.receive(delivery, &head);
        if let Body::Whole(body) = &delivery.body {
            match (&result, self.verifier.verify(&head, body)) {
                (Ok(_), Ok(_)) => {}
                (Err(in_two), Err(in_one)) => assert_eq!(*in_two, in_one),
                (in_two, in_one) => panic!("{in_two:?}, in one step {in_one:?}"),
            }
        }
        match result {
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
    /// Plays an adapter: the two steps, and between them the body.
    fn receive(
        &self,
        delivery: &Delivery,
        head: &RequestHead<'_>,
    ) -> Result<(Verified, Vec<u8>), VerifyError> {
        let mut pending = self.verifier.authenticate(head)?;
        let (read, error) = match &delivery.body {
            Body::Announced(_) => panic!("nobody waits for this body"),
            Body::Whole(body) | Body::Chunks(body) => (&body[..], None),
            // The core reads nothing: it makes the answer of the reader's error.
            Body::CutOff(body) => (&body[..body.len() - 1], Some(io::ErrorKind::UnexpectedEof)),
            Body::ChunksCutOff(body) => (&body[..], Some(io::ErrorKind::UnexpectedEof)),
            Body::BrokenChunks(body) => (&body[..], Some(io::ErrorKind::InvalidData)),
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
        Body::Whole(body) | Body::CutOff(body) => body.len().to_string(),
        Body::Announced(length) => length.to_string(),
        Body::Chunks(_) | Body::ChunksCutOff(_) | Body::BrokenChunks(_) => return headers,
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
