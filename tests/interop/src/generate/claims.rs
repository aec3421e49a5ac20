//! Claims missing, of every type, and repeated.

use super::Plan;
use crate::delivery::Known;

const NAMES: [&str; 8] = ["aud", "body", "exp", "iat", "iss", "jti", "nbf", "sub"];

pub(super) fn add(plan: &mut Plan) {
    missing(plan);
    values(plan);
    repeated(plan);
    extra(plan);
}

fn missing(plan: &mut Plan) {
    for (name, label) in [
        ("aud", "aud-missing"),
        ("body", "body-missing"),
        ("exp", "exp-missing"),
        ("iat", "iat-missing"),
        ("iss", "iss-missing"),
        ("jti", "jti-missing"),
        ("nbf", "nbf-missing"),
        ("sub", "sub-missing"),
    ] {
        plan.everywhere("claims", label, "", Known::Open, |scene, _| {
            scene.with_claims(&scene.claims.clone().without(name))
        });
        for other in NAMES.into_iter().filter(|other| *other != name) {
            plan.everywhere(
                "claims",
                "two-missing",
                &format!("{name}, {other}"),
                Known::Open,
                |scene, _| scene.with_claims(&scene.claims.clone().without(name).without(other)),
            );
        }
    }
}

#[derive(Clone, Copy)]
enum Type {
    Null,
    Boolean,
    Number,
    /// A number beyond the range of a double.
    Beyond,
    String,
    /// A string that is not Unicode.
    Surrogate,
    Strings,
    List,
    Object,
}

/// Returns values of every type, some derived from the claim's value.
fn pool(own: &str) -> Vec<(Type, String)> {
    let inside = own
        .strip_prefix('"')
        .and_then(|own| own.strip_suffix('"'))
        .unwrap_or(own);
    let mut pool = vec![
        (Type::Beyond, "9".repeat(400)),
        (Type::Beyond, format!("-{}", "9".repeat(400))),
    ];
    for (of, values) in [
        (Type::Null, &["null"][..]),
        (Type::Boolean, &["true", "false"]),
        (
            Type::Number,
            &[
                "0",
                "-0",
                "1",
                "-1",
                "1.5",
                "-1.5",
                "1e3",
                "1.7e9",
                "4102444800",
                "4.1e9",
                "9007199254740993",
                "9223372036854775807",
                "9223372036854775808",
                "1e300",
                "-1e300",
                "-62135596800",
                "1E-400",
            ],
        ),
        (Type::Beyond, &["1e400", "-1e400"]),
        (
            Type::String,
            &[
                r#""""#,
                r#"" ""#,
                r#""x""#,
                r#""Upstash""#,
                r#""\u0000""#,
                r#""1.5""#,
                r#""4102444800""#,
                r#""=""#,
            ],
        ),
        (Type::Surrogate, &[r#""\ud800""#, r#""Upstash\udc00""#]),
        (Type::Strings, &["[]", r#"[""]"#, r#"["Upstash"]"#]),
        (
            Type::List,
            &["[1]", "[null]", r#"["",1]"#, "[[]]", r#"["\ud800"]"#],
        ),
        (Type::Object, &["{}", r#"{"a":1}"#]),
    ] {
        pool.extend(values.iter().map(|value| (of, (*value).to_owned())));
    }
    for near in [
        format!("\"{inside}\""),
        format!("\" {inside}\""),
        format!("\"{inside} \""),
        format!("\"{inside}\\n\""),
        format!("\"{}\"", inside.to_uppercase()),
        format!("\"{}\"", inside.to_lowercase()),
        format!("\"{inside}{inside}\""),
        format!("\"{inside}\\u0000\""),
        format!("\"{inside}/\""),
    ] {
        pool.push((Type::String, near));
    }
    pool.push((Type::Strings, format!("[\"{inside}\"]")));
    pool.push((Type::Object, format!("{{\"a\":{own}}}")));
    pool
}

fn values(plan: &mut Plan) {
    for name in NAMES {
        // The same number for each scene.
        let count = pool("").len();
        for at in 0..count {
            for setting in 0..crate::scene::SETTINGS {
                let scene = plan.scene(setting);
                let own = scene.claims.get(name);
                // Quotes in a URL are already escaped.
                let (of, value) = pool(own).swap_remove(at);
                let known = match name {
                    "iss" | "body" if value != own => Known::Forged,
                    _ => Known::Open,
                };
                let delivery = scene.with_claims(&scene.claims.clone().set(name, value.clone()));
                plan.add(
                    "claims",
                    label(name, of),
                    format!("{name} {value}"),
                    known,
                    delivery,
                );
            }
        }
    }
}

fn label(name: &str, of: Type) -> &'static str {
    match (name, of) {
        ("exp" | "iat" | "nbf", Type::Beyond) => "date-beyond-double",
        ("exp", Type::Number) => "exp-number",
        ("iat", Type::Number) => "iat-number",
        ("nbf", Type::Number) => "nbf-number",
        ("exp" | "iat" | "nbf", Type::String | Type::Surrogate) => "date-in-string",
        ("exp" | "iat" | "nbf", Type::Boolean) => "date-boolean",
        ("exp" | "iat" | "nbf", _) => "date-type",
        ("aud", Type::String | Type::Strings) => "aud-set",
        ("aud", _) => "aud-type",
        ("jti", Type::String) => "jti-string",
        ("jti", Type::Surrogate) => "jti-surrogate",
        ("jti", _) => "jti-type",
        ("sub", Type::String) => "sub-string",
        ("sub", Type::Surrogate) => "sub-surrogate",
        ("sub", _) => "sub-type",
        ("iss", _) => "iss-value",
        _ => "body-value",
    }
}

fn repeated(plan: &mut Plan) {
    for name in NAMES {
        let bad = if name == "sub" || name == "iss" || name == "body" {
            r#""x""#
        } else {
            "[1]"
        };
        for (what, twist) in [
            ("same", 0),
            ("good then bad", 1),
            ("bad then good", 2),
            ("escaped name", 3),
            ("thrice", 4),
            ("in addition", 5),
        ] {
            plan.everywhere(
                "claims",
                "claim-twice",
                &format!("{name}, {what}"),
                Known::Forged,
                |scene, _| {
                    let claims = scene.claims.clone();
                    let good = claims.get(name).to_owned();
                    let escaped = format!("\\u{:04x}{}", name.as_bytes()[0], &name[1..]);
                    scene.with_claims(&match twist {
                        0 => claims.again(name, good),
                        1 => claims.again(name, bad),
                        2 => claims.set(name, bad).again(name, good),
                        3 => claims.again(&escaped, good),
                        4 => claims.again(name, bad).again(name, good),
                        _ => claims.again("x", good.clone()).again("x", good),
                    })
                },
            );
        }
    }
}

fn extra(plan: &mut Plan) {
    for name in [
        "team",
        "",
        "AUD",
        "Exp",
        "exp ",
        "__proto__",
        "constructor",
        "toString",
        "\\u0000",
        "\u{e9}",
        "\\\"",
        "b64",
        "alg",
    ] {
        for at in (0..pool("\"x\"").len()).step_by(3) {
            plan.everywhere("claims", "claim-extra", name, Known::Open, |scene, _| {
                let (_, value) = pool("\"x\"").swap_remove(at);
                scene.with_claims(&scene.claims.clone().again(name, value))
            });
        }
    }
    plan.everywhere("claims", "name-surrogate", "", Known::Open, |scene, _| {
        scene.with_claims(&scene.claims.clone().again("\\ud800", "1"))
    });
}
