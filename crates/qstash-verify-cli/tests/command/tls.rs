//! `send` to an https URL, with the certificates of the system.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;

use rcgen::CertifiedKey;
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::process::run;

/// Starts a server with a self-signed certificate for `localhost`.
///
/// Returns the certificate as PEM; the thread accepts one connection and returns its
/// request.
fn server() -> (SocketAddr, String, JoinHandle<Option<String>>) {
    let names = ["localhost".to_owned()];
    let CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed(names).unwrap();
    let pem = cert.pem();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let config =
        ServerConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .unwrap();
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let thread = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let connection = ServerConnection::new(Arc::new(config)).unwrap();
        let mut stream = StreamOwned::new(connection, stream);
        let mut request = Vec::new();
        let mut buffer = [0; 4096];
        while !request.ends_with(b"hello") {
            let length = stream.read(&mut buffer).ok().filter(|length| *length > 0)?;
            request.extend_from_slice(&buffer[..length]);
        }
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
        stream.write_all(answer).unwrap();
        stream.flush().unwrap();
        Some(String::from_utf8(request).unwrap())
    });
    (address, pem, thread)
}

#[test]
fn trusted_server_gets_the_delivery() {
    let (address, pem, server) = server();
    let url = format!("https://localhost:{}/webhook", address.port());
    let output = run(&["send", &url, "--data", "hello"])
        .file("roots.pem", pem)
        .with(&[("SSL_CERT_FILE", "roots.pem")])
        .end()
        .code(0);
    assert!(output.stdout.contains("\n200 OK after ") && output.stdout.ends_with("\nok\n"));
    let request = server.join().unwrap().unwrap();
    assert!(
        request.starts_with("POST /webhook HTTP/1.1\r\n"),
        "{request}"
    );
    assert!(
        request.contains(&format!("host: localhost:{}\r\n", address.port())),
        "{request}"
    );
}

#[test]
fn untrusted_server_gets_nothing() {
    let (address, _, server) = server();
    let stranger = rcgen::generate_simple_self_signed(["localhost".to_owned()]);
    let stranger = stranger.unwrap().cert.pem();
    let url = format!("https://localhost:{}/webhook", address.port());
    let output = run(&["send", &url, "--data", "hello"])
        .file("roots.pem", stranger)
        .with(&[("SSL_CERT_FILE", "roots.pem")])
        .end()
        .code(1);
    assert!(
        output.stdout.contains("invalid peer certificate"),
        "{output:?}"
    );
    assert_eq!(server.join().unwrap(), None);

    let none = run(&["send", &url, "--data", "hello"])
        .with(&[("SSL_CERT_FILE", "nowhere.pem")])
        .end()
        .code(2);
    assert!(
        none.stderr
            .contains("certificates that this system trusts can't be read"),
        "{none:?}"
    );
}
