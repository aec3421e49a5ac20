//! Connections that deliver the response even if writing the request fails.
//!
//! A service that refuses a long body responds and closes the connection. hyper stops
//! at the failed write, and leaves the response in the socket's buffer. These
//! connections defer the error of a write until EOF.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Uri;
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tower_service::Service;

/// A connector of [`DeferringStream`]s.
#[derive(Clone)]
pub(crate) struct DeferringConnector(HttpConnector);

impl DeferringConnector {
    pub(super) fn new() -> Self {
        let mut connector = HttpConnector::new();
        // The TLS connector checks the scheme.
        connector.enforce_http(false);
        DeferringConnector(connector)
    }
}

type Error = <HttpConnector as Service<Uri>>::Error;

impl Service<Uri> for DeferringConnector {
    type Response = TokioIo<DeferringStream<TcpStream>>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = self.0.call(uri);
        Box::pin(async {
            let stream = connecting.await?.into_inner();
            Ok(TokioIo::new(DeferringStream {
                stream,
                failed: None,
            }))
        })
    }
}

/// A stream that discards writes after one has failed, until EOF.
pub(crate) struct DeferringStream<T> {
    stream: T,
    /// The first error of a write.
    failed: Option<io::Error>,
}

impl<T> DeferringStream<T> {
    /// Defers an error of the peer; the write returns `instead`.
    fn defer<R>(&mut self, result: io::Result<R>, instead: R) -> io::Result<R> {
        match result {
            Err(error) if closed_by_peer(&error) => {
                self.failed.get_or_insert(error);
                Ok(instead)
            }
            result => result,
        }
    }
}

fn closed_by_peer(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected};

    matches!(
        error.kind(),
        BrokenPipe | ConnectionReset | ConnectionAborted | NotConnected
    )
}

impl<T: AsyncRead + Unpin> AsyncRead for DeferringStream<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = ready!(Pin::new(&mut self.stream).poll_read(cx, buffer));
        let ended = read.is_err() || buffer.filled().len() == before;
        // Without a response, the failed write is the cause.
        let failed = if ended { self.failed.take() } else { None };
        Poll::Ready(match failed {
            Some(error) => Err(io::Error::new(
                error.kind(),
                format!(
                    "{error} (the service closed the connection before the end of the body, which \
                     may be too long)"
                ),
            )),
            None => read,
        })
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for DeferringStream<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.failed.is_some() {
            return Poll::Ready(Ok(bytes.len()));
        }
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes));
        Poll::Ready(self.defer(written, bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.failed.is_some() {
            return Poll::Ready(Ok(()));
        }
        let flushed = ready!(Pin::new(&mut self.stream).poll_flush(cx));
        Poll::Ready(self.defer(flushed, ()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let length = slices.iter().map(|slice| slice.len()).sum();
        if self.failed.is_some() {
            return Poll::Ready(Ok(length));
        }
        let written = ready!(Pin::new(&mut self.stream).poll_write_vectored(cx, slices));
        Poll::Ready(self.defer(written, length))
    }
}

impl<T: Connection> Connection for DeferringStream<T> {
    fn connected(&self) -> Connected {
        self.stream.connected()
    }
}
