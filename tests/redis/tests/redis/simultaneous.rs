//! One token that many clients send at once to two servers with one Redis.

use std::sync::Barrier;
use std::thread;

use qstash_verify_redis_tests::RedisServer;
use qstash_verify_tests::Kind;

use crate::support::{Delivery, Protected, code};

#[test]
fn one_of_200_simultaneous_replays_is_accepted() {
    const CLIENTS: usize = 200;
    let redis = RedisServer::start();
    let servers = [Kind::Axum, Kind::Actix].map(|kind| Protected::start(kind, &redis));
    servers[0].accepted();
    let before: usize = servers.iter().map(Protected::calls).sum();
    let (delivery, barrier) = (Delivery::new(), Barrier::new(CLIENTS));
    let answers: Vec<_> = thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|number| {
                let (server, delivery, barrier) = (&servers[number % 2], &delivery, &barrier);
                scope.spawn(move || {
                    barrier.wait();
                    let answer = server.send(delivery);
                    (answer.status(), code(&answer))
                })
            })
            .collect();
        clients
            .into_iter()
            .map(|client| client.join().unwrap())
            .collect()
    });
    let count = |status: u16| answers.iter().filter(|answer| answer.0 == status).count();
    assert_eq!((count(200), count(401)), (1, CLIENTS - 1), "{answers:?}");
    assert!(
        answers
            .iter()
            .all(|(status, code)| *status == 200 || code == "replayed")
    );
    let after: usize = servers.iter().map(Protected::calls).sum();
    assert_eq!(after, before + 1);
}
