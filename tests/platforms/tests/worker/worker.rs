//! A Worker in workerd.

use std::ops::Deref;
use std::process::Command;

use qstash_verify_platform_tests::{Server, path};
use qstash_verify_test_support::{
    DEFAULT_VARIABLES, EU_VARIABLES, MULTI_REGION, Request, US_VARIABLES,
};
use serde_json::Value;

/// The names of the Workers.
pub(crate) const WORKERS: [&str; 2] = ["axum", "plain"];

/// A Worker in workerd.
pub(crate) struct Worker(Server);

impl Worker {
    /// Starts a Worker with exactly these bindings.
    pub(crate) fn start(name: &str, bindings: &[(&str, &str)]) -> Self {
        let mut command = Command::new(path("WORKER_SCRIPT"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.contains("QSTASH")) {
            command.env_remove(name);
        }
        command
            .args(["serve", name])
            .env("PORT", "0")
            .env("SHIM", path("WORKER_SHIM"))
            .envs(bindings.iter().copied());
        Worker(Server::start(&mut command))
    }

    /// Starts a Worker with the keys of both regions and the default pair.
    pub(crate) fn with_all_keys(name: &str) -> Self {
        let keys = [&DEFAULT_VARIABLES[..], &US_VARIABLES, &EU_VARIABLES];
        Worker::start(name, &[&keys.concat()[..], &[MULTI_REGION]].concat())
    }

    /// Replaces bindings without a new isolate.
    pub(crate) fn replace_bindings(&self, bindings: &Value) {
        let request = Request::new("PUT", "/bindings").body(bindings.to_string().as_bytes());
        assert_eq!(self.ask(&request).brief(), (200, "replaced".to_owned()));
    }

    /// Stops it and returns its log.
    pub(crate) fn log(mut self) -> String {
        self.0.stop()
    }
}

impl Deref for Worker {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.0
    }
}

/// Fails the test if the Worker panicked.
impl Drop for Worker {
    fn drop(&mut self) {
        let log = self.0.stop();
        let sign = ["panicked", "RuntimeError", "unreachable", "xception"];
        let panicked = sign.iter().any(|sign| log.contains(sign));
        assert!(!panicked || std::thread::panicking(), "{log}");
    }
}
