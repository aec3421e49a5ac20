use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use qstash_verify::signing::SignedDelivery;
use qstash_verify::{
    KeyRing, KeySlot, REGION_HEADER, Region, RequestHead, SIGNATURE_HEADER, SigningKeys, Verifier,
};
use tokio::sync::watch;
use tokio::time::Instant;

use super::{FirstFetch, Pairs, Task};
use crate::answer::FetchedKeys;
use crate::api::Fetch;
use crate::error::FetchError;
use crate::observer::{Observer, Stale};
use crate::schedule::Schedule;

const INTERVAL: u64 = 900;

/// An API of which a test sets the response.
#[derive(Clone)]
struct Api {
    /// The number of rolls so far, unless it fails.
    rolls: Arc<Mutex<Option<u32>>>,
    requests: Arc<Mutex<Vec<Instant>>>,
}

impl Fetch for Api {
    async fn fetch(&self) -> Result<FetchedKeys, FetchError> {
        self.requests.lock().unwrap().push(Instant::now());
        match *self.rolls.lock().unwrap() {
            Some(rolls) => {
                let json = format!(
                    r#"{{"current":"{}","next":"{}"}}"#,
                    key(rolls),
                    key(rolls + 1)
                );
                Ok(FetchedKeys::from_json(json.as_bytes()).unwrap())
            }
            None => Err(FetchError::new("500 from the test")),
        }
    }
}

fn key(number: u32) -> String {
    format!("sig_{number}")
}

/// A task that runs, with a verifier that has the keys 0 and 1.
struct Running {
    api: Api,
    verifier: Verifier,
    stale: Arc<Stale>,
    first_fetch: watch::Receiver<FirstFetch>,
    started: Instant,
}

impl Running {
    fn start(rolls: Option<u32>) -> Self {
        let keys = SigningKeys::new(key(0), key(1)).unwrap();
        Running::start_pairs(rolls, &Verifier::new(keys), vec![None], Arc::default())
    }

    fn start_pairs(
        rolls: Option<u32>,
        verifier: &Verifier,
        pairs: Pairs,
        stale: Arc<Stale>,
    ) -> Self {
        let api = Api {
            rolls: Arc::new(Mutex::new(rolls)),
            requests: Arc::default(),
        };
        let (sender, first_fetch) = watch::channel(None);
        let task = Task {
            pairs,
            api: api.clone(),
            origin: "QSTASH_TOKEN at the test".to_owned(),
            verifier: verifier.clone(),
            stale: Arc::clone(&stale),
            first_fetch: sender,
        };
        let started = Instant::now();
        tokio::spawn(task.run(Schedule::new(Duration::from_secs(INTERVAL), started)));
        Running {
            api,
            verifier: verifier.clone(),
            stale,
            first_fetch,
            started,
        }
    }

    fn set(&self, rolls: Option<u32>) {
        *self.api.rolls.lock().unwrap() = rolls;
    }

    /// The number of rolls that the keys in use have seen.
    fn rolls(&self) -> u32 {
        let ring = self.verifier.keys();
        let slot = |number| ring.key_slot(None, &key(number));
        let mut rolls = 0..10;
        let rolls = rolls
            .find(|rolls| slot(*rolls) == Some(KeySlot::Current))
            .unwrap();
        assert_eq!(slot(rolls + 1), Some(KeySlot::Next));
        rolls
    }

    /// The seconds after the start at which there were requests.
    fn requests(&self) -> Vec<u64> {
        let requests = self.api.requests.lock().unwrap();
        let seconds = requests.iter().map(|at| (*at - self.started).as_secs());
        seconds.collect()
    }
}

/// Moves the paused clock on; whatever is due by then runs.
async fn pass(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

#[tokio::test(start_paused = true)]
async fn fetches_at_start_and_at_the_interval() {
    let running = Running::start(Some(0));
    pass(10 * INTERVAL + 200).await;
    let requests = running.requests();
    assert!((10..=12).contains(&requests.len()), "{requests:?}");
    assert_eq!(requests[0], 0);
    for pair in requests.windows(2) {
        assert!((809..=991).contains(&(pair[1] - pair[0])), "{requests:?}");
    }
    assert_eq!(running.rolls(), 0);
    assert_eq!(*running.first_fetch.borrow(), Some(Ok(())));
}

#[tokio::test(start_paused = true)]
async fn stale_keys_are_fetched_soon_and_once_a_minute_at_most() {
    let running = Running::start(Some(0));
    pass(100).await;
    for _ in 0..600 {
        for _ in 0..1000 {
            running.stale.deliveries.notify_one();
        }
        pass(1).await;
    }
    let requests = running.requests();
    assert_eq!(requests[..3], [0, 100, 160]);
    // One may be due by itself after the interval; early ones put it off.
    assert_eq!(requests.len(), 11, "{requests:?}");
}

#[tokio::test(start_paused = true)]
async fn single_roll_waits_for_deliveries_with_the_old_key() {
    let running = Running::start(Some(0));
    pass(100).await;
    running.set(Some(1));
    running.stale.deliveries.notify_one();
    pass(9).await;
    assert_eq!((running.requests(), running.rolls()), (vec![0, 100], 0));
    pass(2).await;
    assert_eq!((running.requests(), running.rolls()), (vec![0, 100], 1));
}

#[tokio::test(start_paused = true)]
async fn single_roll_is_replaced_although_the_api_fails_meanwhile() {
    let running = Running::start(Some(1));
    pass(5).await;
    running.set(None);
    running.stale.deliveries.notify_one();
    pass(1).await;
    assert_eq!((running.requests(), running.rolls()), (vec![0, 5], 0));
    pass(5).await;
    assert_eq!(running.rolls(), 1);
}

#[tokio::test(start_paused = true)]
async fn second_roll_within_the_wait_is_replaced_at_once() {
    let running = Running::start(Some(1));
    pass(5).await;
    running.set(Some(2));
    running.stale.deliveries.notify_one();
    pass(1).await;
    assert_eq!(running.rolls(), 2);
    // And nothing of the first roll comes after it.
    pass(20).await;
    assert_eq!(running.rolls(), 2);
}

#[tokio::test(start_paused = true)]
async fn two_rolls_are_replaced_at_once() {
    let running = Running::start(Some(2));
    pass(1).await;
    assert_eq!((running.requests(), running.rolls()), (vec![0], 2));
}

#[tokio::test(start_paused = true)]
async fn failures_keep_the_keys_and_back_off() {
    let running = Running::start(None);
    pass(24 * 3600).await;
    let requests = running.requests();
    let gaps: Vec<u64> = requests.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!((9..=11).contains(&gaps[0]), "{gaps:?}");
    assert!((17..=23).contains(&gaps[1]), "{gaps:?}");
    assert!(
        gaps[8..].iter().all(|gap| (809..=991).contains(gap)),
        "{gaps:?}"
    );
    assert_eq!(running.rolls(), 0);
    let failed = Err(FetchError::new("500 from the test"));
    assert_eq!(*running.first_fetch.borrow(), Some(failed));
    // A refresh that a delivery causes doesn't wait for the interval.
    running.set(Some(2));
    running.stale.deliveries.notify_one();
    pass(1).await;
    assert_eq!(running.rolls(), 2);
}

#[tokio::test(start_paused = true)]
async fn keys_replaced_by_others_are_compared_anew() {
    let running = Running::start(Some(0));
    pass(1).await;
    let keys = SigningKeys::new(key(5), key(6)).unwrap();
    running.verifier.replace_keys(keys);
    running.stale.deliveries.notify_one();
    pass(1).await;
    assert_eq!(running.rolls(), 0);
}

#[tokio::test(start_paused = true)]
async fn failed_early_requests_leave_the_back_off_alone() {
    let running = Running::start(Some(0));
    pass(100).await;
    running.set(None);
    // Unauthenticated senders cause ten early requests until the interval is over.
    for _ in 0..600 {
        running.stale.deliveries.notify_one();
        pass(1).await;
    }
    assert_eq!(running.requests().len(), 11);
    // The stored notification causes one more, then the interval and its back-off go on.
    pass(1200).await;
    let requests = running.requests();
    let due = requests.iter().position(|at| *at > 790).unwrap();
    let gaps: Vec<_> = requests[due..]
        .windows(2)
        .map(|pair| pair[1] - pair[0])
        .collect();
    for (gap, expected) in gaps.iter().zip([10, 20, 40, 80, 160]) {
        assert!(gap.abs_diff(expected) <= expected / 10 + 1, "{requests:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn forged_traffic_causes_one_request_a_minute_and_region() {
    const SECONDS: u64 = 5 * 60;
    // Without optimisation, 10,000 a second would take an hour.
    let a_second = if cfg!(debug_assertions) { 20 } else { 10_000 };
    let keys = || SigningKeys::new(key(0), key(1)).unwrap();
    let ring = KeyRing::builder()
        .region(Region::UsEast1, keys())
        .region(Region::EuCentral1, keys());
    let verifier = Verifier::new(ring.build().unwrap());
    let mut observer = Observer::default();
    let regions = [Region::UsEast1, Region::EuCentral1].map(|region| {
        let pairs = vec![Some(region)];
        let stale = observer.add(pairs.clone());
        Running::start_pairs(Some(0), &verifier, pairs, stale)
    });
    observer.observe(&verifier);

    let forger = SigningKeys::new("sig_mallory", "sig_eve").unwrap();
    let url = "https://example.com/hook";
    let forged = SignedDelivery::new(url, "hello", &forger, SystemTime::now());
    let headers = forged.headers();
    let signature = headers.iter().find(|(name, _)| *name == SIGNATURE_HEADER);
    let signature = &*signature.unwrap().1;
    for _ in 0..SECONDS {
        for region in ["US-EAST-1", "EU-CENTRAL-1"] {
            let headers = [(SIGNATURE_HEADER, signature), (REGION_HEADER, region)];
            let head = RequestHead::new(headers, "/hook");
            for _ in 0..a_second {
                let refused = verifier.verify(&head, forged.body()).unwrap_err();
                assert_eq!(refused.code(), "bad_signature");
            }
        }
        pass(1).await;
    }
    for region in regions {
        // The first is that of the start.
        let requests = region.requests();
        assert_eq!(requests[1..], [0, 60, 120, 180, 240], "{requests:?}");
        assert_eq!(requests[0], 0);
    }
}
