//! Launch without the fairing. A program of its own, since its log is the process's.
#![allow(
    clippy::needless_pass_by_value,
    reason = "handlers own their arguments"
)]

use qstash_verify_rocket::{Delivery, Message, Metadata, QstashFairing, SigningKeys, Verifier};
use qstash_verify_test_support::log::Log;
use rocket::error::ErrorKind;
use rocket::{Route, post, routes};

#[post("/", data = "<_delivery>")]
fn delivery(_delivery: Delivery) {}

#[post("/", data = "<_delivery>")]
fn optional(_delivery: Option<Delivery>) {}

#[post("/", data = "<_message>")]
fn message(_message: Message<u8>) {}

#[post("/")]
fn metadata(_metadata: Metadata) {}

fn rocket() -> rocket::Rocket<rocket::Build> {
    rocket::custom(rocket::Config::debug_default())
}

#[rocket::async_test]
async fn guard_without_the_fairing_aborts_the_launch_with_one_sentence() {
    let log = Log::global();
    let qstash = QstashFairing::new(Verifier::new(SigningKeys::development()));
    let guards: [fn() -> Vec<Route>; 3] = [
        || routes![delivery],
        || routes![optional],
        || routes![message],
    ];
    for routes in guards {
        let attached = rocket().attach(qstash.clone()).mount("/", routes());
        assert!(attached.ignite().await.is_ok());
        log.take();
        let error = rocket().mount("/", routes()).ignite().await;
        let error = error.expect_err("it launches");
        assert!(matches!(error.kind(), ErrorKind::SentinelAborts(_)));
        let mut lines = log.take();
        lines.retain(|line| {
            let target = line.fields.get("log.target");
            target.is_some_and(|target| target == "qstash_verify")
        });
        let [line] = &lines[..] else {
            panic!("not one line: {lines:?}");
        };
        let sentence = "no QStash fairing is attached, and a handler asks for a delivery: \
                        attach a `QstashFairing` to this Rocket";
        assert_eq!(line.fields["message"], sentence);
    }
    // Metadata is not verified.
    assert!(
        rocket()
            .mount("/", routes![metadata])
            .ignite()
            .await
            .is_ok()
    );
}
