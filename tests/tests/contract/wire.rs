//! Sends the deliveries of a case over a socket.

use qstash_verify_tests::{Answer, Connection, Request, TARGET};

use crate::cases::{Body, Delivery};

/// Sends a delivery and reads the response.
pub(crate) fn send(connection: Connection, delivery: &Delivery, message_id: &str) -> Answer {
    send_with_start(connection, delivery, message_id, 0)
}

/// Sends a delivery, with this number of bytes of a body of which only the length is
/// declared, and reads the response.
pub(crate) fn send_with_start(
    mut connection: Connection,
    delivery: &Delivery,
    message_id: &str,
    start: usize,
) -> Answer {
    let mut request = Request::post(TARGET).header("upstash-message-id", message_id);
    for signature in &delivery.signatures {
        request = request.signed(signature);
    }
    if let Some(region) = delivery.region {
        request = request.header("upstash-region", region);
    }
    match &delivery.body {
        Body::Whole(body) => {
            connection.send(request.body(body).bytes());
        }
        Body::Chunks(body) => {
            connection.send(request.chunks(body, 5).bytes());
        }
        Body::Declared(length) => {
            connection.send(request.header("content-length", length.to_string()).head());
            connection.send(vec![b'x'; start]);
        }
        Body::Truncated(body) => {
            let bytes = request.body(body).bytes();
            connection.send(&bytes[..bytes.len() - 1]);
            connection.finish_sending();
        }
        Body::TruncatedChunks(body) => {
            let bytes = request.chunks(body, 5).bytes();
            connection.send(&bytes[..bytes.len() - b"0\r\n\r\n".len()]);
            connection.finish_sending();
        }
        Body::MalformedChunks(body) => {
            let request = request.header("transfer-encoding", "chunked");
            let body = [b"x\r\n", &body[..], b"\r\n0\r\n\r\n"].concat();
            connection.send(request.raw_body(body).bytes());
        }
    }
    connection.answer()
}
