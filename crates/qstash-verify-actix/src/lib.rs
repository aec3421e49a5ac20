//! actix-web middleware that lets only genuine deliveries of
//! [Upstash QStash](https://upstash.com/docs/qstash) through.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod extract;
mod middleware;
mod receive;
mod refusal;
mod steer;
mod unread;

pub use extract::{Delivery, InvalidMessage, Message, Metadata, MissingMiddleware};
pub use middleware::{QstashMiddleware, QstashService};
pub use refusal::Refusal;
pub use steer::Steer;

// What a user of the middleware needs of the core, so that one dependency will do.
#[doc(no_inline)]
pub use qstash_verify::{
    BufferedDelivery, Callback, Claims, ConfigError, ConfigWarning, CredentialSource, Credentials,
    DEFAULT_BODY_LIMIT, KeyRing, KeySlot, KeySource, MessageError, MessageMetadata,
    PendingDelivery, REGION_HEADER, Region, RequestHead, Retry, SIGNATURE_HEADER, SigningKeys,
    Verified, Verifier, VerifierBuilder, VerifyError, parse_message,
};
