//! Real servers that verify, each on a free port of this machine.

mod actix;
mod axum;
mod hyper;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ::axum::Router;
use qstash_verify::{Region, Verified, Verifier};
use tokio::runtime::Runtime;

use crate::{Connection, Kind};

/// Makes a test of each function for each kind of server: `on_axum::…`,
/// `on_actix::…` and `on_hyper::…`.
#[macro_export]
macro_rules! on_each_server {
    ($($test:ident),+ $(,)?) => {
        $crate::on_each_server! { @ on_axum Axum [$($test)+] }
        $crate::on_each_server! { @ on_actix Actix [$($test)+] }
        $crate::on_each_server! { @ on_hyper Hyper [$($test)+] }
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

/// A server, up until this is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    calls: Calls,
    running: Running,
}

/// The handle that keeps a server up.
#[derive(Debug)]
enum Running {
    Tokio(Option<Runtime>),
    Actix(::actix_web::dev::ServerHandle),
}

/// The number of calls of the handler.
type Calls = Arc<AtomicUsize>;

impl Server {
    /// A server of this kind. Behind the verification is a handler that answers
    /// with the body it was given; `x-region`, `x-key` and `x-trailer` say what
    /// else it saw.
    #[must_use]
    pub fn start(kind: Kind, verifier: Verifier) -> Self {
        let calls = Calls::default();
        match kind {
            Kind::Axum => axum::start(axum::router(verifier, &calls), calls),
            Kind::Actix => actix::start(verifier, calls),
            Kind::Hyper => hyper::start(&verifier, calls),
        }
    }

    /// axum with any other routes.
    #[must_use]
    pub fn serve(router: Router) -> Self {
        axum::start(router, Calls::default())
    }

    /// hyper with the tower layer.
    #[must_use]
    pub fn layered_hyper(verifier: Verifier) -> Self {
        hyper::start_layered(verifier, Calls::default())
    }

    /// A new connection to it.
    #[must_use]
    pub fn connect(&self) -> Connection {
        Connection::open(self.address)
    }

    /// The number of calls of the handler; [`serve`](Self::serve) doesn't count.
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
            // It is told so at once; nobody waits for the answer.
            Running::Actix(handle) => drop(handle.stop(false)),
        }
    }
}

/// A free port of this machine, and who listens there.
fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// The same for tokio, and the runtime that it is to be used in.
fn listen_on_tokio() -> (Runtime, tokio::net::TcpListener, SocketAddr) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_io()
        .enable_time()
        .build()
        .unwrap();
    let (listener, address) = listen();
    listener.set_nonblocking(true).unwrap();
    let guard = runtime.enter();
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    drop(guard);
    (runtime, listener, address)
}

/// The delivery as a handler saw it, as headers.
fn description(verified: &Verified) -> [(&'static str, &'static str); 2] {
    let region = verified.region().map_or("none", Region::as_str);
    [
        ("x-region", region),
        ("x-key", verified.key_slot().as_str()),
    ]
}
