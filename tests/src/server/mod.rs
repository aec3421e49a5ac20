//! Verifying servers, each on a free local port.

mod actix;
mod axum;
mod hyper;
mod poem;
mod rocket;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ::axum::Router;
use qstash_verify::{Region, ReplayProtection, Verified, Verifier};
use tokio::runtime::Runtime;

use crate::{Connection, Kind};

/// Defines a test per function and kind of server: `on_axum::…`, `on_actix::…` and so on.
///
/// `and_examples:` in front adds the frameworks that have an example and no adapter.
/// Functions after `except_rocket:` do not run on Rocket, which reads 14 bytes of a body
/// before any guard, drops an error among them, and drops headers that are not UTF-8;
/// `socket_rocket.rs` has a test of each.
#[macro_export]
macro_rules! on_each_server {
    ($($test:ident),+ $(,)?) => {
        $crate::on_each_server! { $($test),+; except_rocket: }
    };
    (and_examples: $($test:ident),+ $(,)?) => {
        $crate::on_each_server! { and_examples: $($test),+; except_rocket: }
    };
    (and_examples: $($test:ident),+; except_rocket: $($other:ident),* $(,)?) => {
        $crate::on_each_server! { $($test),+; except_rocket: $($other),* }
        $crate::on_each_server! { @ on_warp Warp [$($test)+ $($other)*] }
    };
    ($($test:ident),+; except_rocket: $($other:ident),* $(,)?) => {
        $crate::on_each_server! { @ on_axum Axum [$($test)+ $($other)*] }
        $crate::on_each_server! { @ on_actix Actix [$($test)+ $($other)*] }
        $crate::on_each_server! { @ on_hyper Hyper [$($test)+ $($other)*] }
        $crate::on_each_server! { @ on_poem Poem [$($test)+ $($other)*] }
        $crate::on_each_server! { @ on_rocket Rocket [$($test)+] }
    };
    (@ $module:ident $kind:ident [$($test:ident)+]) => {
        mod $module {
            $(
                #[test]
                fn $test() {
                    super::$test($crate::Kind::$kind);
                }
            )+
        }
    };
}

/// A running server, stopped on drop.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    calls: Calls,
    running: Running,
}

/// The handle of a running server.
#[derive(Debug)]
enum Running {
    Tokio(Option<Runtime>),
    Actix(::actix_web::dev::ServerHandle),
}

/// The number of calls of the handler.
type Calls = Arc<AtomicUsize>;

impl Server {
    /// Starts a server of this kind. Its handler responds with the request body and
    /// with `x-region`, `x-key` and `x-trailer`.
    #[must_use]
    pub fn start(kind: Kind, verifier: Verifier) -> Self {
        Server::with_replay_store(kind, verifier, ReplayProtection::default())
    }

    /// Starts a server of this kind that asks a replay store.
    #[must_use]
    pub fn with_replay_store(
        kind: Kind,
        verifier: Verifier,
        store: impl Into<ReplayProtection>,
    ) -> Self {
        let (calls, replay) = (Calls::default(), store.into());
        match kind {
            Kind::Axum => axum::start(axum::router(verifier, replay, &calls), calls),
            Kind::Actix => actix::start(verifier, replay, calls),
            Kind::Hyper => hyper::start(verifier, replay, calls),
            Kind::Poem => poem::start(verifier, replay, calls),
            Kind::Rocket => rocket::start(verifier, replay, calls),
            // Its example has the only code for warp.
            Kind::Warp => panic!("warp is an example only"),
        }
    }

    /// Starts axum with this router.
    #[must_use]
    pub fn serve(router: Router) -> Self {
        axum::start(router, Calls::default())
    }

    /// Starts hyper with the tower layer.
    #[must_use]
    pub fn layered_hyper(verifier: Verifier, store: impl Into<ReplayProtection>) -> Self {
        hyper::start_layered(verifier, store.into(), Calls::default())
    }

    /// Opens a connection to the server.
    #[must_use]
    pub fn connect(&self) -> Connection {
        Connection::open(self.address)
    }

    /// Returns the number of handler calls, always 0 for [`serve`](Self::serve).
    #[must_use]
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        match &mut self.running {
            Running::Tokio(runtime) => {
                if let Some(runtime) = runtime.take() {
                    runtime.shutdown_background();
                }
            }
            // Sends the stop command without waiting for completion.
            Running::Actix(handle) => drop(handle.stop(false)),
        }
    }
}

/// Binds a free local port.
fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// Starts a runtime of two threads.
fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_io()
        .enable_time()
        .build()
        .unwrap()
}

/// Binds a free local port for tokio, with its runtime.
fn listen_on_tokio() -> (Runtime, tokio::net::TcpListener, SocketAddr) {
    let runtime = runtime();
    let (listener, address) = listen();
    listener.set_nonblocking(true).unwrap();
    let guard = runtime.enter();
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    drop(guard);
    (runtime, listener, address)
}

/// Returns response headers that describe the verified delivery.
fn description(verified: &Verified) -> [(&'static str, &'static str); 2] {
    let region = verified.region().map_or("none", Region::as_str);
    [
        ("x-region", region),
        ("x-key", verified.key_slot().as_str()),
    ]
}
