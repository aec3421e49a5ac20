//! A Redis that is killed, loses its data and comes back.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use qstash_verify_redis_tests::RedisServer;
use qstash_verify_tests::Kind;

use crate::support::{Delivery, Protected, assert_signed_before, assert_unavailable};

#[test]
fn outage_refuses_and_ends_without_a_restart_of_the_service() {
    for kind in [Kind::Axum, Kind::Actix, Kind::Hyper] {
        let mut redis = RedisServer::start();
        let server = Protected::start(kind, &redis);
        let before = server.accepted();
        redis.kill();
        for delivery in [before.clone(), Delivery::new()] {
            assert_unavailable(&server.send(&delivery));
        }
        redis.restart();
        let after = server.accepted();
        // Redis has lost its data, and its memory begins after this one was signed.
        assert_signed_before(&server.send(&before));
        assert_eq!(server.send(&after).status(), 401);
    }
}

#[test]
fn nothing_is_accepted_twice_across_outages() {
    const CLIENTS: usize = 4;
    /// Number of answers of a kind between a start and a kill, and between a kill and a
    /// start.
    const ANSWERS: usize = 50;
    const LIMIT: Duration = Duration::from_secs(90);
    let begin = Instant::now();
    let mut redis = RedisServer::start();
    let servers = [Kind::Axum, Kind::Actix].map(|kind| Protected::start(kind, &redis));
    let [accepted, refused] = [const { AtomicUsize::new(0) }; 2];
    let (stop, sent) = (AtomicBool::new(false), Mutex::new(Vec::new()));
    let send = |server: &Protected, (delivery, count): &mut (Delivery, usize)| {
        if server.send(delivery).status() == 200 {
            *count += 1;
            accepted.fetch_add(1, Ordering::SeqCst);
        } else {
            refused.fetch_add(1, Ordering::SeqCst);
        }
    };
    let more = |counter: &AtomicUsize| {
        let wanted = counter.load(Ordering::SeqCst) + ANSWERS;
        while counter.load(Ordering::SeqCst) < wanted {
            assert!(begin.elapsed() < LIMIT, "no more answers of this kind");
            thread::sleep(Duration::from_millis(5));
        }
    };
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                let mut own = Vec::new();
                // Ends, too, if this test panics.
                while !stop.load(Ordering::SeqCst) && begin.elapsed() < LIMIT {
                    // Each to both servers, and an earlier one again.
                    let mut new = (Delivery::new(), 0);
                    servers.iter().for_each(|server| send(server, &mut new));
                    own.push(new);
                    let old = own.len() / 2;
                    send(&servers[old % 2], &mut own[old]);
                }
                sent.lock().unwrap().extend(own);
            });
        }
        for _ in 0..3 {
            more(&accepted);
            redis.kill();
            more(&refused);
            redis.restart();
        }
        more(&accepted);
        stop.store(true, Ordering::SeqCst);
    });
    for mut delivery in sent.into_inner().unwrap() {
        servers
            .iter()
            .for_each(|server| send(server, &mut delivery));
        assert!(delivery.1 <= 1, "accepted {} times", delivery.1);
    }
}

#[test]
fn open_policy_accepts_during_an_outage() {
    let mut redis = RedisServer::start();
    let server = Protected::with(Kind::Axum, &redis, |store| store.accept_when_unavailable());
    // The beginning of its memory is set by the first, which is accepted unchecked.
    assert_eq!(server.send(&Delivery::new()).status(), 200);
    redis.kill();
    let delivery = Delivery::new();
    assert_eq!(server.send(&delivery).status(), 200);
    assert_eq!(server.send(&delivery).status(), 200);
}
