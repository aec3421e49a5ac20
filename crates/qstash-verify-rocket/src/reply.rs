//! Responses that the core decides, and the types that become them.

use std::io::Cursor;

use qstash_verify::{MessageError, Reply, Retry, VerifyError};
use rocket::Request;
use rocket::http::Status;
use rocket::response::{Responder, Response, Result};

/// A refusal as a responder, for handlers that verify by themselves.
///
/// ```
/// use qstash_verify_rocket::{Refusal, VerifyError};
///
/// fn refuse(reason: VerifyError) -> Refusal {
///     Refusal::from(reason)
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal(pub VerifyError);

/// A response that tells QStash when to retry, or not to; see [`Retry`].
///
/// A handler can return it as its response or as its error. Its body is empty.
///
/// ```
/// use qstash_verify_rocket::{Message, Retry, Steer};
/// use rocket::post;
///
/// #[post("/webhook", data = "<order>")]
/// fn webhook(order: Message<u64>) -> Result<&'static str, Steer> {
///     match order.0 {
///         0 => Err(Retry::Never)?,            // a permanent failure
///         1 => Err(Retry::AfterSeconds(30))?, // the shop is closed
///         _ => Ok("thanks"),
///     }
/// }
/// # let routes = rocket::routes![webhook];
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steer(pub Retry);

/// A body that is not the JSON that a handler expects, as a responder: a 422.
///
/// ```
/// use qstash_verify_rocket::{Delivery, MessageRejection, parse_message};
/// use rocket::post;
///
/// #[post("/webhook", data = "<delivery>")]
/// fn webhook(delivery: Delivery) -> Result<String, MessageRejection> {
///     let id: u64 = parse_message(&delivery.body)?;
///     Ok(format!("order {id}, sent to {}", delivery.verified.claims().sub()))
/// }
/// # let routes = rocket::routes![webhook];
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageRejection(pub MessageError);

/// The reply to a rejected request, as the guard's error and as a responder.
///
/// [`Delivery`](crate::Delivery) and [`Message`](crate::Message) return it.
///
/// Its [`reason`](Reply::reason) is that of a refusal. It is `None` for a message that
/// is not the JSON that the handler expects (422), and without the fairing (500), which
/// only guards that wrap these can get.
///
/// ```
/// use qstash_verify_rocket::{DeliveryRejection, Message};
/// use rocket::post;
///
/// #[post("/webhook", data = "<order>")]
/// fn webhook(order: Result<Message<u64>, DeliveryRejection>) -> Result<String, DeliveryRejection> {
///     match order {
///         Ok(order) => Ok(format!("order {}", order.0)),
///         Err(rejection) if rejection.0.status() == 422 => Ok("no order".to_owned()),
///         Err(rejection) => Err(rejection),
///     }
/// }
/// # let routes = rocket::routes![webhook];
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryRejection(pub Reply);

/// Makes a responder of each newtype of what the core makes a [`Reply`] of.
macro_rules! responders {
    ($($name:ident($inner:ty);)+) => {$(
        impl From<$inner> for $name {
            fn from(inner: $inner) -> Self {
                $name(inner)
            }
        }

        impl<'r> Responder<'r, 'static> for $name {
            fn respond_to(self, _request: &'r Request<'_>) -> Result<'static> {
                let mut response = Response::new();
                set_reply(&mut response, self.0.into());
                Ok(response)
            }
        }
    )+};
}

responders! {
    Refusal(VerifyError);
    Steer(Retry);
    MessageRejection(MessageError);
    DeliveryRejection(Reply);
}

/// The reply to a request that a guard rejected, for the fairing.
pub(crate) struct Rejected(pub(crate) Option<Reply>);

/// Gives a response the status, headers and body of a reply.
pub(crate) fn set_reply(response: &mut Response<'_>, reply: Reply) {
    response.set_status(Status::new(reply.status()));
    for (name, value) in reply.headers() {
        response.set_raw_header(name, value.to_owned());
    }
    let body = reply.into_body().into_owned();
    response.set_sized_body(body.len(), Cursor::new(body));
}
