//! The load test with few requests: checks responses and memory, not time.
#![cfg(target_os = "linux")]

use std::process::Command;

#[test]
fn responses_are_correct_and_memory_is_flat() {
    let output = Command::new(env!("CARGO_BIN_EXE_qstash-verify-load"))
        .arg("--smoke")
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{printed}");
    for server in ["axum", "actix"] {
        let memory = format!("{server} wrapped: ");
        assert!(printed.contains(&memory), "{printed}");
    }
    // Two frameworks, three rounds of both kinds of traffic, 63 requests on each of
    // 32 connections.
    let answers = "24192 correct responses of wrapped servers, 0 wrong responses of any";
    assert!(printed.contains(answers), "{printed}");
}
