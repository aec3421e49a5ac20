//! The houses with a server, each on a socket.

use qstash_verify_tests::{Answer, Kind, Request, Server};

use crate::House;
use crate::cases::{Body, Case, Sent};
use crate::log;
use crate::table::Row;

const TARGET: &str = "/hooks/qstash?from=qstash";

pub(crate) fn prove(house: House, case: &Case, row: &Row) {
    log::listen();
    let verifier = case.verifier.clone();
    let server = match house {
        House::Core => panic!("the core is no server"),
        House::Tower => Server::layered_hyper(verifier),
        House::Axum => Server::start(Kind::Axum, verifier),
        House::Actix => Server::start(Kind::Actix, verifier),
        House::Hyper => Server::start(Kind::Hyper, verifier),
    };
    for (number, sent) in case.sent.iter().enumerate() {
        let message_id = format!("{house:?}/{}/{number}", row.test);
        let answer = ask(&server, sent, &message_id);
        assert_eq!(answer.status(), row.status, "{number}: {answer:?}");
        let logged = log::of(&message_id);
        if row.code.is_empty() {
            let (Body::Whole(body) | Body::Chunks(body)) = &sent.body else {
                panic!("{number}: half a body is not for accepting");
            };
            // The handler saw these bytes, and echoes them.
            assert_eq!(answer.body, *body, "{number}");
            assert_eq!(server.calls(), number + 1);
            assert_eq!(logged, []);
            continue;
        }
        assert_eq!(answer.text(), row.answer(), "{number}");
        assert_eq!(answer.header("content-type"), Some("application/json"));
        let challenge = (row.status == 401).then_some("Upstash-Signature");
        assert_eq!(answer.header("www-authenticate"), challenge, "{number}");
        assert_eq!(server.calls(), 0, "{number}: the handler was called");
        row.assert_logged(&logged, case.named);
    }
}

fn ask(server: &Server, sent: &Sent, message_id: &str) -> Answer {
    let mut request = Request::post(TARGET).header("upstash-message-id", message_id);
    for signature in &sent.signatures {
        request = request.signed(signature);
    }
    if let Some(region) = sent.region {
        request = request.header("upstash-region", region);
    }
    let mut connection = server.connect();
    match &sent.body {
        Body::Whole(body) => {
            connection.send(request.body(body).bytes());
        }
        Body::Chunks(body) => {
            connection.send(request.chunks(body, 5).bytes());
        }
        Body::Announced(length) => {
            connection.send(request.header("content-length", length.to_string()).head());
        }
        Body::CutOff(body) => {
            let bytes = request.body(body).bytes();
            connection.send(&bytes[..bytes.len() - 1]);
            connection.finish_sending();
        }
        Body::ChunksCutOff(body) => {
            let bytes = request.chunks(body, 5).bytes();
            connection.send(&bytes[..bytes.len() - b"0\r\n\r\n".len()]);
            connection.finish_sending();
        }
        Body::BrokenChunks(body) => {
            let request = request.header("transfer-encoding", "chunked");
            let body = [b"x\r\n", &body[..], b"\r\n0\r\n\r\n"].concat();
            connection.send(request.raw_body(body).bytes());
        }
    }
    connection.answer()
}
