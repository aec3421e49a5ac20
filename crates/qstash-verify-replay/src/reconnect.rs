//! A connection to Redis that is replaced after a failed command.

use std::error::Error;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::aio::{ConnectionLike, ConnectionManager, ConnectionManagerConfig};
use redis::io::tcp::{TcpSettings, socket2::TcpKeepalive};
use redis::{Client, Cmd, ConnectionAddr, FromRedisValue, IntoConnectionInfo as _, RedisError};
use tokio::time::timeout;

/// Time limit for connecting, its commands included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Idle time of a connection before the peer is probed.
const KEEPALIVE: Duration = Duration::from_secs(15);

/// Time limit for the acknowledgement of sent data, after which the connection closes.
#[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
const USER_TIMEOUT: Duration = Duration::from_secs(30);

type Connect<C> = dyn Fn() -> Result<C, RedisError> + Send + Sync;

/// A connection, shared by the clones of a store.
///
/// A [`ConnectionManager`] connects anew only after an I/O error. It keeps a failed login,
/// a connection that was dropped silently, and one to a primary that became a replica.
/// After an I/O error it is replaced as well: its attempt to connect starts at once, and
/// may have failed long before the next command.
#[derive(Clone)]
pub(crate) struct Connection<C> {
    current: Arc<Mutex<Current<C>>>,
    connect: Option<Arc<Connect<C>>>,
}

struct Current<C> {
    connection: C,
    /// The number of replacements, so that simultaneous failures replace it once.
    generation: u64,
    phase: Phase,
}

#[derive(Clone, Copy)]
enum Phase {
    /// No command was answered yet: a timeout may mean that connecting is slow.
    New,
    /// Connecting goes on in the background after a timeout.
    Connecting,
    Answered,
}

impl Connection<ConnectionManager> {
    /// Returns a connection that is established by its first command.
    pub(crate) fn lazy(url: &str) -> Result<Self, RedisError> {
        let keepalive = TcpKeepalive::new().with_time(KEEPALIVE);
        let tcp = TcpSettings::default()
            .set_nodelay(true)
            .set_keepalive(keepalive);
        #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
        let tcp = tcp.set_user_timeout(USER_TIMEOUT);
        let info = url.into_connection_info();
        let info = info
            .map_err(|error| with_example(&error))?
            .set_tcp_settings(tcp);
        if matches!(info.addr(), ConnectionAddr::TcpTls { .. }) {
            // Without a default, the connection would panic where two are compiled in. An
            // error says that the application has set one.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        let config = ConnectionManagerConfig::new()
            // A failure is an answer; the next delivery connects anew.
            .set_number_of_retries(0)
            .set_connection_timeout(Some(CONNECT_TIMEOUT))
            .set_response_timeout(None);
        let client = Client::open(info)?;
        let connect =
            move || ConnectionManager::new_lazy_with_config(client.clone(), config.clone());
        Ok(Connection {
            connect: Some(Arc::new(connect.clone())),
            ..Connection::fixed(connect()?)
        })
    }
}

/// Adds examples to the error of a URL.
fn with_example(error: &RedisError) -> RedisError {
    const EXAMPLES: &str = "write redis://localhost:6379, or rediss://… for TLS";
    let detail = format!("{error}; {EXAMPLES}");
    (error.kind(), "invalid Redis URL", detail).into()
}

impl<C> Connection<C> {
    /// Returns a connection that is never replaced.
    pub(crate) fn fixed(connection: C) -> Self {
        Connection {
            current: Arc::new(Mutex::new(Current {
                connection,
                generation: 0,
                phase: Phase::New,
            })),
            connect: None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Current<C>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Replaces the connection of a generation, unless that happened already.
    fn replace(&self, generation: u64) {
        let Some(connect) = &self.connect else { return };
        let mut current = self.lock();
        if current.generation == generation
            && let Ok(connection) = connect()
        {
            *current = Current {
                connection,
                generation: generation.wrapping_add(1),
                phase: Phase::New,
            };
        }
    }

    fn answered(&self, generation: u64) {
        let mut current = self.lock();
        if current.generation == generation {
            current.phase = Phase::Answered;
        }
    }
}

impl<C> Connection<C>
where
    C: ConnectionLike + Clone + Send + 'static,
{
    /// Sends a command, and waits for its reply within the limit.
    ///
    /// After a failure, the next command uses a new connection.
    pub(crate) async fn send<T: FromRedisValue>(
        self,
        command: Cmd,
        limit: Duration,
    ) -> Result<T, Box<dyn Error + Send + Sync>> {
        let (mut connection, generation) = {
            let current = self.lock();
            (current.connection.clone(), current.generation)
        };
        match timeout(limit, command.query_async::<T>(&mut connection)).await {
            Ok(Ok(reply)) => {
                self.answered(generation);
                Ok(reply)
            }
            Ok(Err(error)) => {
                self.replace(generation);
                Err(format!("Redis: {error}").into())
            }
            Err(_) => {
                self.timed_out(connection, generation);
                Err(format!("Redis did not answer within {} s", limit.as_secs_f64()).into())
            }
        }
    }

    /// Replaces a connection after a timeout, or lets it finish connecting.
    ///
    /// If connecting takes longer than the limit of a command, replacing the connection
    /// would abandon every attempt.
    fn timed_out(self, mut connection: C, generation: u64) {
        if self.connect.is_none() {
            return;
        }
        {
            let mut current = self.lock();
            match current.phase {
                _ if current.generation != generation => return,
                Phase::Connecting => return,
                Phase::New => current.phase = Phase::Connecting,
                Phase::Answered => {
                    drop(current);
                    return self.replace(generation);
                }
            }
        }
        tokio::spawn(async move {
            // A script, since the user may lack the permission for a `PING`.
            let mut command = redis::cmd("EVAL");
            command.arg("return 1").arg(0);
            let reply = command.query_async::<i64>(&mut connection);
            match timeout(CONNECT_TIMEOUT, reply).await {
                Ok(Ok(_)) => self.answered(generation),
                Ok(Err(_)) | Err(_) => self.replace(generation),
            }
        });
    }
}
