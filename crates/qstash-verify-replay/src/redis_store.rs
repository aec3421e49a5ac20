//! A store in Redis, shared by many processes.

use std::error::Error;
use std::fmt;
use std::future::{Future, ready};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use qstash_verify::{RecordFuture, Recorded, ReplayStore, TokenRecord, VerifyError};
use redis::aio::{ConnectionLike, ConnectionManager};
use redis::{Cmd, ErrorKind, FromRedisValue, RedisError};

use crate::clock::{CLOCK_SKEW, Clock, EXPIRED, millis, unix_seconds};
use crate::once::{Claim, MessageKey, OnceFuture, OnceStore};
use crate::reconnect::Connection;

/// The longest expiry in milliseconds: Redis adds its time to it, in an `i64`.
const MAX_EXPIRY: u64 = i64::MAX.unsigned_abs() / 2;

/// Records a token: `first`, `seen`, or `unknown` if it was signed before Redis's memory
/// begins.
///
/// The key of the beginning is set by the first call, and again by the first one after
/// Redis lost its data. The second of the beginning is refused as well, since a token of
/// that second may have been recorded before the loss.
const RECORD: &str = "\
local began = redis.call('GET', KEYS[2])
if not began then
  began = ARGV[2]
  redis.call('SET', KEYS[2], began)
end
if tonumber(ARGV[3]) <= tonumber(began) then return 'signed_before' end
if redis.call('SET', KEYS[1], '', 'NX', 'PX', ARGV[1]) then return 'first' end
return 'seen'";

/// Claims a message: -1 if claimed, -2 if done, or the milliseconds left of the lease.
const CLAIM: &str = "\
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return -1 end
if redis.call('GET', KEYS[1]) == 'done' then return -2 end
return math.max(redis.call('PTTL', KEYS[1]), 0)";

const RELEASE: &str = "\
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0";

/// A store in Redis, shared by all processes with the same keys and URL.
///
/// A check is one command, an atomic script. The id of a token is kept until it expires
/// and for the [clock skew](Self::clock_skew) after it. If Redis doesn't
/// answer in time, deliveries are refused with a 503 and QStash retries them; see
/// [`accept_when_unavailable`](Self::accept_when_unavailable).
///
/// If Redis loses its data, what was signed before the loss is refused with a 503: the
/// store notices since it keeps the time at which its memory began under a key of its
/// own. It can't notice that Redis evicted single keys, so `maxmemory-policy` must be
/// `noeviction`, nor that a replica without the last writes became the primary.
///
/// Needs Redis 6 or later. Tested with a single Redis; untested with Upstash Redis, Valkey
/// and clusters, for which the keys have a common hash tag, the prefix.
///
/// ```no_run
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
/// use qstash_verify_replay::RedisStore;
///
/// let store = RedisStore::connect("rediss://default:password@redis.example.com:6379")?
///     .prefix("orders")
///     .timeout(Duration::from_millis(500));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use]
pub struct RedisStore<C = ConnectionManager> {
    connection: Connection<C>,
    settings: Arc<Settings>,
}

#[derive(Clone)]
struct Settings {
    prefix: String,
    timeout: Duration,
    clock: Clock,
    clock_skew: Duration,
    accept_when_unavailable: bool,
}

impl RedisStore {
    /// Creates a store that connects when it is first used, and again after a failure.
    ///
    /// So an unreachable Redis is no error here; it refuses the first deliveries.
    /// The URL is `redis://…`, or `rediss://…` for TLS. TLS uses the process's default
    /// crypto provider of rustls; if there is none, ring becomes it.
    ///
    /// # Errors
    /// If the URL is invalid, or if there is no tokio runtime.
    pub fn connect(url: &str) -> Result<Self, RedisError> {
        if tokio::runtime::Handle::try_current().is_err() {
            let detail = "call it within a tokio runtime";
            return Err((ErrorKind::Client, "no tokio runtime", detail.to_owned()).into());
        }
        Connection::lazy(url).map(RedisStore::with)
    }
}

impl<C> RedisStore<C>
where
    C: ConnectionLike + Clone + Send + Sync + 'static,
{
    /// Creates a store with another connection of the `redis` crate.
    ///
    /// The store never replaces it, so it must reconnect by itself.
    pub fn new(connection: C) -> Self {
        RedisStore::with(Connection::fixed(connection))
    }

    fn with(connection: Connection<C>) -> Self {
        RedisStore {
            connection,
            settings: Arc::new(Settings {
                prefix: "qstash".to_owned(),
                timeout: Duration::from_secs(1),
                clock: Clock::default(),
                clock_skew: CLOCK_SKEW,
                accept_when_unavailable: false,
            }),
        }
    }

    fn set(mut self, set: impl FnOnce(&mut Settings)) -> Self {
        set(Arc::make_mut(&mut self.settings));
        self
    }

    /// Sets the prefix of the keys; `qstash` by default.
    ///
    /// Services that share a Redis but not their deliveries need one each.
    pub fn prefix(self, prefix: &str) -> Self {
        self.set(|settings| prefix.clone_into(&mut settings.prefix))
    }

    /// Sets how long Redis may take for a command; 1 s by default.
    ///
    /// Connecting counts.
    pub fn timeout(self, timeout: Duration) -> Self {
        self.set(|settings| settings.timeout = timeout)
    }

    /// Sets how far the clocks of the machines may differ; 60 s by default.
    ///
    /// A token is kept that much longer than the recording verifier accepts it, so that
    /// no verifier with a slower clock accepts it again. It must exceed the real difference
    /// by the timeout.
    pub fn clock_skew(self, difference: Duration) -> Self {
        self.set(|settings| settings.clock_skew = difference)
    }

    /// Accepts deliveries that the store can't check, replays included.
    ///
    /// By default they are refused with a 503. Each is logged at level `error`. The guard
    /// [`Once`](crate::Once) is not affected.
    pub fn accept_when_unavailable(self) -> Self {
        self.set(|settings| settings.accept_when_unavailable = true)
    }

    /// Replaces the system's clock, for tests; it must be the verifier's.
    pub fn clock(self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.set(|settings| settings.clock = Clock::custom(clock))
    }

    /// Sends a command, and waits for its reply within the timeout.
    fn send<T: FromRedisValue>(
        &self,
        command: Cmd,
    ) -> impl Future<Output = Result<T, Box<dyn Error + Send + Sync>>> + Send + use<T, C> {
        self.connection.clone().send(command, self.settings.timeout)
    }
}

/// Returns a duration in milliseconds, as an expiry that Redis accepts.
fn expiry(duration: Duration) -> u64 {
    millis(duration).clamp(1, MAX_EXPIRY)
}

/// Returns a command that runs a script.
fn script(text: &str, keys: &[&str]) -> Cmd {
    let mut command = redis::cmd("EVAL");
    command.arg(text).arg(keys.len()).arg(keys);
    command
}

impl Settings {
    /// Returns the key of an id; the braces are a hash tag, so that keys share a node.
    fn key(&self, kind: &str, id: &[u8; 16]) -> String {
        use fmt::Write as _;
        let mut key = format!("{{{}}}:{kind}:", self.prefix);
        for byte in id {
            // Writing to a `String` doesn't fail.
            let _ = write!(key, "{byte:02x}");
        }
        key
    }
}

impl<C> ReplayStore for RedisStore<C>
where
    C: ConnectionLike + Clone + Send + Sync + 'static,
{
    fn record(&self, token: &TokenRecord) -> RecordFuture {
        let settings = &self.settings;
        let now = settings.clock.now();
        let left = token
            .accepted_until()
            .duration_since(now)
            .unwrap_or_default();
        if left.is_zero() {
            return Box::pin(ready(Err(EXPIRED.into())));
        }
        // By the clock that the verifier checked `exp` with; Redis's may differ.
        let keep = expiry(left.saturating_add(settings.clock_skew));
        let began = format!("{{{}}}:began", settings.prefix);
        let mut command = script(RECORD, &[&settings.key("token", token.id()), &began]);
        command
            .arg(keep)
            .arg(unix_seconds(now))
            .arg(unix_seconds(token.signed_at()));
        let reply = self.send::<String>(command);
        let accept = settings.accept_when_unavailable;
        Box::pin(async move {
            let reply = reply.await;
            let error = match reply.as_deref() {
                Ok("first") => return Ok(Recorded::First),
                Ok("seen") => return Ok(Recorded::Seen),
                Ok("signed_before") if !accept => return Ok(Recorded::SignedBefore),
                Ok("signed_before") => VerifyError::SignedBeforeReplayStore.to_string(),
                Ok(_) => "Redis: unexpected reply to the script".to_owned(),
                Err(error) => error.to_string(),
            };
            if !accept {
                return Err(error.into());
            }
            tracing::error!(
                target: "qstash_verify",
                code = "replay_check_skipped",
                "delivery accepted without replay protection, as set: {error:?}"
            );
            Ok(Recorded::First)
        })
    }
}

impl<C> OnceStore for RedisStore<C>
where
    C: ConnectionLike + Clone + Send + Sync + 'static,
{
    fn claim(&self, message: MessageKey, holder: u64, lease: Duration) -> OnceFuture<Claim> {
        let key = self.settings.key("message", message.as_bytes());
        let mut command = script(CLAIM, &[&key]);
        command.arg(holder).arg(expiry(lease));
        let reply = self.send::<i64>(command);
        Box::pin(async move {
            Ok(match reply.await? {
                -1 => Claim::Acquired,
                -2 => Claim::Done,
                left => Claim::InProgress {
                    lease_left: Duration::from_millis(u64::try_from(left).unwrap_or(0)),
                },
            })
        })
    }

    fn complete(&self, message: MessageKey, keep: Duration) -> OnceFuture<()> {
        let mut command = redis::cmd("SET");
        let key = self.settings.key("message", message.as_bytes());
        command.arg(key).arg("done").arg("PX").arg(expiry(keep));
        Box::pin(self.send::<()>(command))
    }

    fn release(&self, message: MessageKey, holder: u64) -> OnceFuture<()> {
        let key = self.settings.key("message", message.as_bytes());
        let mut command = script(RELEASE, &[&key]);
        command.arg(holder);
        let reply = self.send::<i64>(command);
        Box::pin(async move { reply.await.map(drop) })
    }
}

/// Prints no URL, which may hold a password.
impl<C> fmt::Debug for RedisStore<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore")
            .field("prefix", &self.settings.prefix)
            .field("timeout", &self.settings.timeout)
            .finish_non_exhaustive()
    }
}
