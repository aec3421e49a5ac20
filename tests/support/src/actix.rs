//! actix-web with any routes, on a real socket.

use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc;
use std::thread::JoinHandle;

use actix_web::dev::ServerHandle;
use actix_web::web::ServiceConfig;
use actix_web::{App, HttpServer};

/// A server, up until this is dropped.
#[derive(Debug)]
pub struct ActixServer {
    /// Its address.
    pub address: SocketAddr,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl ActixServer {
    /// Starts so many workers, each with an app of its own.
    pub fn start(
        workers: usize,
        configure: impl Fn(&mut ServiceConfig) + Clone + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, handle) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let server = HttpServer::new(move || App::new().configure(&configure));
            let server = server.workers(workers).disable_signals();
            let server = server.listen(listener).unwrap().run();
            sender.send(server.handle()).unwrap();
            actix_web::rt::System::new().block_on(server).unwrap();
        });
        ActixServer {
            address,
            handle: handle.recv().unwrap(),
            thread: Some(thread),
        }
    }
}

impl Drop for ActixServer {
    fn drop(&mut self) {
        // It is told so at once. What it still has to say is said when the
        // thread ends.
        drop(self.handle.stop(false));
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}
