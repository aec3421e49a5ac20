//! The guards: a delivery, its message, its metadata.

use bytes::Bytes;
use http_body::Frame;
use http_body_util::StreamBody;
use qstash_verify::{
    MessageError, MessageMetadata, NotVerified, Reply, RequestHead, Verified, parse_message,
};
use rocket::data::{ByteUnit, FromData, Outcome};
use rocket::futures::TryStreamExt as _;
use rocket::http::Status;
use rocket::request::{self, FromRequest};
use rocket::{Data, Ignite, Request, Rocket, Sentinel};
use serde::de::DeserializeOwned;
use tokio_util::io::ReaderStream;

use crate::fairing::managed;
use crate::reply::{DeliveryRejection, Rejected};

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

/// Request guard of the message's metadata, from the headers.
///
/// It has the message's id, number of retries, schedule, URL group, labels, workflow run,
/// and the address that published it.
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
        outcome(request, receive(request, data).await)
    }
}

#[rocket::async_trait]
impl<'r, T: DeserializeOwned> FromData<'r> for Message<T> {
    type Error = DeliveryRejection;

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r, Self> {
        outcome(request, receive_message(request, data).await)
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

/// Returns the parts of a request's head that verification reads.
///
/// For guards that call the verifier.
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
    // Stored with the request, since Rocket's URI is not text.
    let Target(target) = request.local_cache(|| Target(request.uri().to_string()));
    // Looked up by name, since `HeaderMap::iter` yields owned values.
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
    // The verifier's limit applies.
    let chunks = ReaderStream::new(data.open(ByteUnit::max_value()));
    let body = StreamBody::new(chunks.map_ok(Frame::data));
    let received = managed.verifier.receive(&head, body).await;
    let received = managed.replay.check_received(received).await;
    let (verified, body) = received.inspect_err(|reason| reason.log(&head))?;
    Ok(Delivery { verified, body })
}

async fn receive_message<T: DeserializeOwned>(
    request: &Request<'_>,
    data: Data<'_>,
) -> Result<Message<T>, Reply> {
    let Delivery { verified, body } = receive(request, data).await?;
    let log = |invalid: &MessageError| invalid.log(&request_head(request));
    let parse = || parse_message(&body).inspect_err(log);
    Ok(Message(verified.span().in_scope(parse)?))
}

/// Returns the outcome of a guard, and stores the reply of an error for the fairing.
fn outcome<'r, T>(request: &Request<'_>, guard: Result<T, Reply>) -> Outcome<'r, T>
where
    T: FromData<'r, Error = DeliveryRejection>,
{
    match guard {
        Ok(guard) => Outcome::Success(guard),
        Err(reply) => {
            // Once per request, since the guard consumes its data.
            request.local_cache(|| Rejected(Some(reply.clone())));
            Outcome::Error((Status::new(reply.status()), DeliveryRejection(reply)))
        }
    }
}
