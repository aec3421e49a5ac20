//! The house `core`: the verifier by itself, in both of its ways.

use std::io;

use qstash_verify::{RequestHead, Verified, VerifyError};

use crate::cases::{Body, Case, Sent};
use crate::log;
use crate::table::Row;

const TARGET: &str = "/hooks/qstash?from=qstash";

pub(crate) fn prove(case: &Case, row: &Row) {
    log::listen();
    for (number, sent) in case.sent.iter().enumerate() {
        let message_id = format!("core/{}/{number}", row.test);
        let headers = headers(sent, &message_id);
        let headers = headers.iter().map(|(name, value)| (*name, &**value));
        let head = RequestHead::new(headers, TARGET);
        let result = receive(case, sent, &head);
        if let Body::Whole(body) = &sent.body {
            // In one go it is the same.
            match (&result, case.verifier.verify(&head, body)) {
                (Ok(_), Ok(_)) => {}
                (Err(one), Err(other)) => assert_eq!(*one, other),
                (one, other) => panic!("{number}: {one:?}, {other:?}"),
            }
        }
        let refused = match (row.code.as_str(), result) {
            ("", Ok(verified)) => {
                assert_eq!(row.status, 200);
                assert_eq!(verified.claims().iss(), "Upstash");
                continue;
            }
            (_, Ok(_)) => panic!("{number}: accepted"),
            (_, Err(refused)) => refused,
        };
        assert_eq!(refused.code(), row.code, "{number}: {refused}");
        assert_eq!(refused.status(), row.status, "{number}");
        assert_eq!(refused.body(), row.answer(), "{number}");
        let mut headers = vec![("content-type", "application/json")];
        headers.extend((row.status == 401).then_some(("www-authenticate", "Upstash-Signature")));
        assert_eq!(refused.headers(), headers, "{number}");

        refused.log(&head);
        row.assert_logged(&log::of(&message_id), case.named);
    }
}

fn headers(sent: &Sent, message_id: &str) -> Vec<(&'static str, String)> {
    let mut headers = vec![("upstash-message-id", message_id.to_owned())];
    let signatures = sent.signatures.iter();
    headers.extend(signatures.map(|value| ("upstash-signature", value.clone())));
    headers.extend(
        sent.region
            .map(|region| ("upstash-region", region.to_owned())),
    );
    let length = match &sent.body {
        Body::Whole(body) | Body::CutOff(body) => body.len().to_string(),
        Body::Announced(length) => length.to_string(),
        Body::Chunks(_) | Body::ChunksCutOff(_) | Body::BrokenChunks(_) => return headers,
    };
    headers.push(("content-length", length));
    headers
}

/// The two steps, and between them what one who reads a body does.
fn receive(case: &Case, sent: &Sent, head: &RequestHead<'_>) -> Result<Verified, VerifyError> {
    let mut pending = case.verifier.authenticate(head)?;
    let (read, error) = match &sent.body {
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
        None => pending.finish(),
    }
}
