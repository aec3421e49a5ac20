//! A connection in memory and its client.

use std::error::Error;
use std::task::Context;
use std::time::{Duration, Instant};

use crate::delivery::delivery;
use crate::protocol::Protocol;
use crate::service::{self, Served, Variant};
use crate::spawn::Tasks;
use crate::traffic::{Framework, Traffic};
use crate::wire::Socket;

pub(crate) struct Connection {
    protocol: Protocol,
    traffic: Traffic,
    /// Whether the status is 200.
    accepted: bool,
    socket: Socket,
    tasks: Tasks,
    served: Served,
    next: u32,
    /// Requests of HTTP/1, which can be sent again.
    requests: Vec<Vec<u8>>,
}

/// Number of deliveries with different bodies.
const DELIVERIES: usize = 32;
/// Polls without a response that end a run.
const PATIENCE: usize = 100_000;

impl Connection {
    pub(crate) async fn open(
        framework: Framework,
        traffic: Traffic,
        variant: Variant,
        cx: &mut Context<'_>,
    ) -> Result<Self, Box<dyn Error>> {
        let protocol = framework.protocol();
        let (socket, tasks) = (Socket::default(), Tasks::default());
        socket.0.borrow_mut().input = protocol.preface();
        let mut served = match framework {
            Framework::Actix => service::actix(variant, socket.clone()).await?,
            _ => service::axum(variant, protocol, socket.clone(), &tasks)?,
        };
        let _ = served.as_mut().poll(cx);
        socket
            .0
            .borrow_mut()
            .input
            .extend(protocol.acknowledgement());
        let count = if traffic.size > 100_000 {
            2
        } else {
            DELIVERIES
        };
        let requests = (0..count).map(|number| {
            let signed = delivery(number, traffic.size, traffic.forged);
            // A stream of HTTP/2 is set before it is sent.
            protocol.request(0, &signed.headers(), signed.body())
        });
        Ok(Connection {
            protocol,
            traffic,
            accepted: !traffic.forged || variant == Variant::Bare,
            requests: requests.collect(),
            socket,
            tasks,
            served,
            next: 0,
        })
    }

    /// Returns the time that the server takes for this number of requests.
    pub(crate) fn run(
        &mut self,
        requests: u32,
        cx: &mut Context<'_>,
    ) -> Result<Duration, Box<dyn Error>> {
        let mut elapsed = Duration::ZERO;
        for _ in 0..requests {
            self.send();
            let start = Instant::now();
            let accepted = self.answer(cx)?;
            elapsed += start.elapsed();
            if accepted != self.accepted {
                return Err(format!("wrong status: {:?}", self.traffic).into());
            }
        }
        Ok(elapsed)
    }

    fn send(&mut self) {
        let mut wire = self.socket.0.borrow_mut();
        let wire = &mut *wire;
        wire.output.clear();
        // Unread bytes are the acknowledgement of HTTP/2.
        wire.input.drain(..wire.read);
        wire.read = 0;
        let at = self.next as usize % self.requests.len();
        let request = self.requests.get(at).map(Vec::as_slice).unwrap_or_default();
        let start = wire.input.len();
        wire.input.extend_from_slice(request);
        if self.protocol == Protocol::Http2 {
            let frames = wire.input.get_mut(start..).unwrap_or_default();
            Protocol::set_stream(frames, 2 * self.next + 1);
        }
        self.next += 1;
    }

    /// Polls until the server has read the request and written the response.
    fn answer(&mut self, cx: &mut Context<'_>) -> Result<bool, Box<dyn Error>> {
        for _ in 0..PATIENCE {
            let ended = self.served.as_mut().poll(cx).is_ready();
            self.tasks.poll(cx);
            if ended {
                return Err(format!("connection closed: {:?}", self.traffic).into());
            }
            let wire = self.socket.0.borrow();
            if wire.read == wire.input.len()
                && let Some(accepted) = self.protocol.answer(&wire.output)
            {
                return Ok(accepted);
            }
        }
        Err(format!("no response: {:?}", self.traffic).into())
    }
}
