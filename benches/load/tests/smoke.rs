//! The load test with few requests: checks answers and memory, not time.
#![cfg(target_os = "linux")]

use std::process::Command;

#[test]
fn answers_are_right_and_memory_is_flat() {
    let output = Command::new(env!("CARGO_BIN_EXE_qstash-verify-load"))
        .arg("--smoke")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}");
    for server in ["axum", "actix"] {
        let memory = format!("{server} wrapped: ");
        assert!(said.contains(&memory), "{said}");
    }
    // Two frameworks, three rounds of both kinds of traffic, 63 requests on each of
    // 32 connections.
    let answers = "24192 right answers of wrapped servers, 0 wrong answers of any";
    assert!(said.contains(answers), "{said}");
}
