//! The guards: a delivery, its message, its metadata.

use bytes::Bytes;
use qstash_verify::{
    MessageMetadata, NotVerified, Reply, RequestHead, Verified, VerifyError, parse_message,
};
use rocket::data::{ByteUnit, FromData, Outcome};
use rocket::http::Status;
use rocket::outcome::try_outcome;
use rocket::request::{self, FromRequest};
use rocket::tokio::io::AsyncReadExt as _;
use rocket::{Data, Ignite, Request, Rocket, Sentinel};
use serde::de::DeserializeOwned;

use crate::fairing::{Managed, managed};
use crate::reply::DeliveryRejection;

/// Data guard of a verified delivery: its claims and its body.
///
/// The handler of a request that is refused doesn't run; the response is
/// [`DeliveryRejection`]. Without the [fairing](crate::QstashFairing), the launch fails.
/// `Option<Delivery>` is `None` for a request that is **refused**, and the handler runs.
///
/// ```
/// use qstash_verify_rocket::Delivery;
/// use rocket::post;
///
/// #[post("/webhook", data = "<delivery>")]
/// fn webhook(delivery: Delivery) -> String {
///     let key = delivery.verified.key_slot();
///     format!("{} bytes, signed with the {key} key", delivery.body.len())
/// }
/// # let routes = rocket::routes![webhook];
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Delivery {
    /// The proof of verification.
    pub verified: Verified,
    /// The body: the bytes that were signed.
    pub body: Bytes,
}

/// Data guard of the message of a verified delivery: its body, parsed as JSON.
///
/// A body that doesn't parse is a [`DeliveryRejection`]: a 422 with the reason,
/// which QStash shows in its console. An empty body is `null`, so `Message<Option<T>>`
/// takes a schedule's delivery without a body. `Content-Type` is ignored, since it isn't
/// signed. `T` can be [`Callback`](crate::Callback), too.
///
/// A handler has one data guard: with [`Delivery`], parse its body with
/// [`parse_message`].
///
/// ```
/// use qstash_verify_rocket::Message;
/// use rocket::post;
///
/// #[derive(serde::Deserialize)]
/// struct Order {
///     id: u64,
/// }
///
/// #[post("/webhook", data = "<order>")]
/// fn webhook(order: Message<Order>) -> String {
///     format!("order {}", order.0.id)
/// }
/// # let routes = rocket::routes![webhook];
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<T>(pub T);

/// Request guard of the message's metadata, from the headers: its id, number of
/// retries, schedule, URL group, labels, workflow run, and the address that published it.
///
/// **None of it is signed**; see [`MessageMetadata`].
///
/// ```
/// use qstash_verify_rocket::{Delivery, Metadata};
/// use rocket::post;
///
/// #[post("/webhook", data = "<_delivery>")]
/// fn webhook(message: Metadata, _delivery: Delivery) {
///     println!("{:?}, attempt {:?}", message.0.message_id(), message.0.retried());
/// }
/// # let routes = rocket::routes![webhook];
/// ```
#[derive(Clone, Debug)]
pub struct Metadata(pub MessageMetadata);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Metadata {
    type Error = std::convert::Infallible;

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, Self::Error> {
        let headers = request.headers().iter();
        let headers = headers.map(|header| (header.name, header.value));
        request::Outcome::Success(Metadata(MessageMetadata::from_headers(headers)))
    }
}

#[rocket::async_trait]
impl<'r> FromData<'r> for Delivery {
    type Error = DeliveryRejection;

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r, Self> {
        match receive(request, data).await {
            Ok(delivery) => Outcome::Success(delivery),
            Err(reply) => Outcome::Error(error(request, reply)),
        }
    }
}

#[rocket::async_trait]
impl<'r, T: DeserializeOwned> FromData<'r> for Message<T> {
    type Error = DeliveryRejection;

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r, Self> {
        let Delivery { verified, body } = try_outcome!(Delivery::from_data(request, data).await);
        match parse_message(&body) {
            Ok(message) => Outcome::Success(Message(message)),
            Err(invalid) => {
                let span = verified.span();
                span.in_scope(|| invalid.log(&request_head(request)));
                Outcome::Error(error(request, invalid.into()))
            }
        }
    }
}

impl Sentinel for Delivery {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        let is_missing = managed(rocket).is_none();
        if is_missing {
            log::error!(
                target: "qstash_verify",
                "no QStash fairing is attached, and a handler asks for a delivery: \
                 attach a `QstashFairing` to this Rocket"
            );
        }
        is_missing
    }
}

impl<T> Sentinel for Message<T> {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        Delivery::abort(rocket)
    }
}

/// Returns the parts of a request's head that verification reads, for guards that
/// verify by themselves.
///
/// ```
/// use qstash_verify_rocket::{Verified, Verifier, VerifyError, request_head};
/// use rocket::Request;
///
/// fn check(verifier: &Verifier, request: &Request, body: &[u8]) -> Result<Verified, VerifyError> {
///     verifier.verify(&request_head(request), body)
/// }
/// ```
#[must_use]
pub fn request_head<'r>(request: &'r Request<'_>) -> RequestHead<'r> {
    struct Target(String);
    // Rocket's URI is no text.
    let Target(target) = request.local_cache(|| Target(request.uri().to_string()));
    // `HeaderMap::iter` hands out owned values, so each is looked up.
    let headers = RequestHead::HEADERS.iter().flat_map(|name| {
        let values = request.headers().get(name);
        values.map(move |value| (name, value))
    });
    RequestHead::new(headers, target)
}

async fn receive(request: &Request<'_>, data: Data<'_>) -> Result<Delivery, Reply> {
    let Some(managed) = managed(request.rocket()) else {
        NotVerified.log(request.uri().path().as_str());
        return Err(NotVerified.into());
    };
    let head = request_head(request);
    let received = read(managed, &head, data).await;
    Ok(received.inspect_err(|reason| reason.log(&head))?)
}

async fn read(
    managed: &Managed,
    head: &RequestHead<'_>,
    data: Data<'_>,
) -> Result<Delivery, VerifyError> {
    let mut pending = managed.verifier.authenticate(head)?;
    // The verifier has the limit.
    let mut stream = data.open(ByteUnit::max_value());
    let mut body = Vec::new();
    loop {
        let start = body.len();
        // Reads what there is room for; the room doubles.
        let read = stream.read_buf(&mut body).await;
        if read.map_err(|error| VerifyError::body_unreadable(&error))? == 0 {
            break;
        }
        pending.update(body.get(start..).unwrap_or_default())?;
    }
    let verified = pending.finish()?;
    if let Some(check) = managed.replay.check(&verified) {
        check.await?;
    }
    let body = body.into();
    Ok(Delivery { verified, body })
}

/// The reply to a request that a guard rejected, for the fairing.
pub(crate) struct Rejected(pub(crate) Option<Reply>);

/// Keeps the reply for the fairing, and returns the error of the guard.
fn error(request: &Request<'_>, reply: Reply) -> (Status, DeliveryRejection) {
    // Once for each request, since the guard takes its data.
    request.local_cache(|| Rejected(Some(reply.clone())));
    (Status::new(reply.status()), DeliveryRejection(reply))
}
