//! Genuine deliveries: captures, and those signed by `testing` and `qstash-verify sign`.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, UNIX_EPOCH};

use fastrand::Rng;
use qstash_verify::testing;
use serde_json::Value;

use crate::delivery::{Case, Delivery, Expected, Known};
use crate::scene::{SETTINGS, Scene, id};
use crate::sdks;

/// Number of deliveries signed by the command, each in a process.
const BY_COMMAND: usize = 20 * SETTINGS;

fn genuine(kind: &'static str, detail: String, delivery: Delivery) -> Case {
    Case {
        kind,
        label: kind,
        detail,
        known: Known::Genuine,
        delivery,
    }
}

pub(crate) fn by_kit(seed: u64) -> Vec<Case> {
    let mut rng = Rng::with_seed(seed);
    let cases = (0..60 * SETTINGS).map(|round| {
        let scene = Scene::new(round % SETTINGS, &mut rng);
        let iat = UNIX_EPOCH + Duration::from_secs(scene.iat.unsigned_abs());
        let mut signed = testing::delivery(scene.url.as_str(), scene.body.as_slice())
            .key(scene.key.as_str())
            .issued_at(iat);
        let detail = match round / SETTINGS % 6 {
            1 => {
                signed = signed.expires_in(Duration::from_secs(11));
                "short life"
            }
            2 => {
                signed = signed.claim("team", serde_json::json!({"a": ["\u{65e5}", 1.5, null]}));
                "another claim"
            }
            3 => {
                signed = signed
                    .claim("jti", id(&mut rng, "jwt_"))
                    .claim("nbf", scene.iat);
                "jti and nbf"
            }
            4 => {
                signed = signed.without("aud").without("jti").without("iat");
                "without aud, jti and iat"
            }
            5 => {
                signed = signed
                    .claim("iss", "x")
                    .claim("iss", "Upstash")
                    .header("x-a", "b");
                "changed back"
            }
            _ => "",
        };
        if let Some(region) = scene.regions.first() {
            signed = signed.region(region.parse().unwrap());
        }
        let headers = signed.headers();
        let delivery = Delivery {
            signatures: values(&headers, "upstash-signature"),
            regions: values(&headers, "upstash-region"),
            ..scene.genuine()
        };
        genuine("by our kit", detail.to_owned(), delivery)
    });
    cases.collect()
}

fn values(headers: &[(String, String)], name: &str) -> Vec<String> {
    let of_name = headers.iter().filter(|(known, _)| known == name);
    of_name.map(|(_, value)| value.clone()).collect()
}

pub(crate) fn by_command(command: &Path, seed: u64) -> Vec<Case> {
    let mut rng = Rng::with_seed(seed);
    let cases = (0..BY_COMMAND).map(|round| {
        let scene = Scene::new(round % SETTINGS, &mut rng);
        let mut options = vec!["--url".to_owned(), scene.url.clone()];
        if let Some([current, next]) = &scene.explicit {
            options.extend(["--current-key".to_owned(), current.clone()]);
            options.extend(["--next-key".to_owned(), next.clone()]);
        }
        if round % 2 == 1 {
            options.push("--next".to_owned());
        }
        if let Some(region) = scene.regions.first() {
            options.extend(["--region".to_owned(), region.clone()]);
        }
        options.extend(match round / SETTINGS % 4 {
            1 => vec!["--expires-in=11".to_owned(), "--retried=2".to_owned()],
            2 => vec!["--schedule-id=scd_1".to_owned(), "--method=PUT".to_owned()],
            3 => vec!["-H".to_owned(), "Content-Type: text/plain".to_owned()],
            _ => vec![],
        });
        options.extend(["--at".to_owned(), scene.iat.to_string()]);
        let answer = sign(command, &scene, &options);
        let header = |name: &str| -> Vec<String> {
            let value = answer["headers"][name].as_str();
            value.map(str::to_owned).into_iter().collect()
        };
        let body = answer["body"].as_str().unwrap_or_default().as_bytes();
        assert_eq!(body, scene.body, "sign: another body");
        let delivery = Delivery {
            signatures: header("upstash-signature"),
            regions: header("upstash-region"),
            expected: Some(Expected::Url(answer["url"].as_str().unwrap().to_owned())),
            ..scene.genuine()
        };
        genuine("by our command", options.join(" "), delivery)
    });
    cases.collect()
}

fn sign(command: &Path, scene: &Scene, options: &[String]) -> Value {
    let mut child = Command::new(command)
        .args(["sign", "--json", "--body", "-"])
        .args(options)
        .env_clear()
        .envs(
            scene
                .env
                .iter()
                .map(|(name, value)| (name, OsString::from(value))),
        )
        .current_dir(sdks::program_directory())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&scene.body).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "sign {options:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Published captures of production deliveries.
pub(crate) fn captures() -> Vec<Case> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../support/data/captures.json");
    let file: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let captures = file["captures"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|capture| {
            let text = |name: &str| capture[name].as_str().unwrap().to_owned();
            let keys = [text("current_signing_key"), text("next_signing_key")];
            let (at, expires) = (
                capture["at"].as_i64().unwrap(),
                capture["expires"].as_i64().unwrap(),
            );
            let delivery = Delivery {
                env: Vec::new(),
                explicit: Some(keys),
                at_ms: at * 1000,
                tolerance: 0,
                expected: Some(Expected::Url(text("url"))),
                signatures: vec![text("signature")],
                regions: Vec::new(),
                body: text("body").into_bytes(),
            };
            let last = Delivery {
                at_ms: expires * 1000 - 1,
                ..delivery.clone()
            };
            let late = Delivery {
                at_ms: expires * 1000,
                ..delivery.clone()
            };
            let other = Delivery {
                body: b"other".to_vec(),
                ..delivery.clone()
            };
            let with = |known, delivery| Case {
                known,
                ..genuine("captures", text("name"), delivery)
            };
            [
                with(Known::Genuine, delivery),
                with(Known::Genuine, last),
                with(Known::Forged, late),
                with(Known::Forged, other),
            ]
        });
    captures.collect()
}
