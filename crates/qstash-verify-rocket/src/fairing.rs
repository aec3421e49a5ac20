//! The fairing: it holds the verifier, and makes the responses of refused requests.

use qstash_verify::{ConfigError, RefusalHandler, ReplayProtection, Verifier, VerifyError};
use rocket::fairing::{self, Fairing, Info, Kind};
use rocket::{Build, Phase, Request, Response, Rocket};

use crate::reply::{Rejected, set_reply};

/// The fairing as managed state, of a type that no app can manage itself.
struct Managed(QstashFairing);

/// Returns the attached fairing; `None` without one.
pub(crate) fn managed<P: Phase>(rocket: &Rocket<P>) -> Option<&QstashFairing> {
    rocket.state().map(|Managed(fairing)| fairing)
}

/// Fairing that holds the verifier of the guards.
///
/// See the [crate's documentation](crate).
///
/// A Rocket instance has one: of several, the last that is attached counts.
///
/// ```no_run
/// use qstash_verify_rocket::QstashFairing;
///
/// let rocket = rocket::build().attach(QstashFairing::from_env()?);
/// # Ok::<_, qstash_verify_rocket::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct QstashFairing {
    pub(crate) verifier: Verifier,
    refuse: RefusalHandler<Response<'static>>,
    pub(crate) replay: ReplayProtection,
}

impl QstashFairing {
    /// Creates a fairing with this verifier.
    ///
    /// The verifier has the keys, URL, tolerance, body limit and clock.
    ///
    /// ```
    /// use qstash_verify_rocket::{QstashFairing, SigningKeys, Verifier};
    ///
    /// let keys = SigningKeys::new("sig_current", "sig_next")?;
    /// let qstash = QstashFairing::new(Verifier::builder(keys).body_limit(1024 * 1024).build());
    /// # Ok::<_, qstash_verify_rocket::ConfigError>(())
    /// ```
    pub fn new(verifier: Verifier) -> Self {
        QstashFairing {
            verifier,
            refuse: RefusalHandler::default(),
            replay: ReplayProtection::default(),
        }
    }

    /// Creates a fairing with the keys of the process's environment.
    ///
    /// See [`KeyRing::from_env`](qstash_verify::KeyRing::from_env) for the variables.
    ///
    /// # Errors
    /// Those of [`KeyRing::from_env`](qstash_verify::KeyRing::from_env).
    pub fn from_env() -> Result<Self, ConfigError> {
        Verifier::from_env().map(QstashFairing::new)
    }

    /// Creates a fairing with the keys of another environment.
    ///
    /// Such as a secret manager; see
    /// [`KeyRing::from_lookup`](qstash_verify::KeyRing::from_lookup).
    ///
    /// # Errors
    /// Those of [`KeyRing::from_env`](qstash_verify::KeyRing::from_env).
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        Verifier::from_lookup(lookup).map(QstashFairing::new)
    }

    /// Responds to refused requests with the response of `respond`.
    ///
    /// It takes the place of that of [`Refusal`](crate::Refusal). A 401 should keep its
    /// `WWW-Authenticate`.
    ///
    /// ```
    /// use qstash_verify_rocket::{QstashFairing, SigningKeys, Verifier};
    /// use rocket::http::Status;
    /// use rocket::response::Response;
    ///
    /// let verifier = Verifier::new(SigningKeys::new("sig_current", "sig_next")?);
    /// let qstash = QstashFairing::new(verifier).on_refusal(|reason| {
    ///     let mut response = Response::new();
    ///     response.set_status(Status::new(reason.status()));
    ///     response.set_raw_header("x-refused", reason.code());
    ///     response
    /// });
    /// # Ok::<_, qstash_verify_rocket::ConfigError>(())
    /// ```
    pub fn on_refusal(
        mut self,
        respond: impl Fn(&VerifyError) -> Response<'static> + Send + Sync + 'static,
    ) -> Self {
        self.refuse = RefusalHandler::new(respond);
        self
    }

    /// Refuses replays: deliveries whose token `store` recorded before.
    ///
    /// Off by default. The store is asked after the body is verified and before the
    /// handler runs. The crate `qstash-verify-replay` has stores in memory and in
    /// Redis.
    ///
    /// ```
    /// use qstash_verify_rocket::{QstashFairing, ReplayStore, Verifier};
    ///
    /// fn protected(verifier: Verifier, store: impl ReplayStore) -> QstashFairing {
    ///     QstashFairing::new(verifier).replay_store(store)
    /// }
    /// ```
    pub fn replay_store(mut self, store: impl Into<ReplayProtection>) -> Self {
        self.replay = store.into();
        self
    }
}

#[rocket::async_trait]
impl Fairing for QstashFairing {
    fn info(&self) -> Info {
        Info {
            name: "QStash",
            kind: Kind::Ignite | Kind::Response | Kind::Singleton,
        }
    }

    async fn on_ignite(&self, rocket: Rocket<Build>) -> fairing::Result {
        Ok(rocket.manage(Managed(self.clone())))
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        // A guard's error reaches no responder, only a catcher, which has the status.
        // Another status is that of a handler or catcher that answers by itself.
        let Rejected(rejected) = request.local_cache(|| Rejected(None));
        if let Some(reply) = rejected
            && response.status().code == reply.status()
        {
            match reply.reason().and_then(|reason| self.refuse.call(reason)) {
                Some(custom) => *response = custom,
                None => set_reply(response, reply.clone()),
            }
        }
    }
}
