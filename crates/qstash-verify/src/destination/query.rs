//! Comparison of queries as multisets of parameters.

use std::borrow::Cow;

/// Returns whether two queries have the same parameters, in any order.
///
/// Parameters are compared decoded from `application/x-www-form-urlencoded`, since a
/// host that loses their order encodes them anew. Empty parameters are dropped, and `a`
/// equals `a=`.
pub(crate) fn has_same_parameters(one: &str, other: &str) -> bool {
    one == other || sorted(one) == sorted(other)
}

type Parameter<'a> = (Cow<'a, [u8]>, Cow<'a, [u8]>);

fn sorted(query: &str) -> Vec<Parameter<'_>> {
    let parameters = query.split('&').filter(|parameter| !parameter.is_empty());
    let decoded = parameters.map(|parameter| {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        (decode(name), decode(value))
    });
    let mut decoded: Vec<_> = decoded.collect();
    decoded.sort_unstable();
    decoded
}

/// Decodes `+` and percent-encoding; an invalid escape is kept as it is.
fn decode(text: &str) -> Cow<'_, [u8]> {
    if !text.contains(['%', '+']) {
        return Cow::Borrowed(text.as_bytes());
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, after @ ..] = rest {
        rest = after;
        decoded.push(match (byte, after) {
            (b'+', _) => b' ',
            (b'%', [high, low, after @ ..]) => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => {
                    rest = after;
                    high << 4 | low
                }
                _ => b'%',
            },
            _ => *byte,
        });
    }
    Cow::Owned(decoded)
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn parameters_are_compared_decoded_and_in_any_order() {
        for (one, other, same) in [
            ("", "", true),
            ("a=1&b=2", "b=2&a=1", true),
            ("a=1&a=2", "a=2&a=1", true),
            ("a=1&a=1&b", "b&a=1&a=1", true),
            ("a=x%20y", "a=x+y", true),
            ("a=%c3%BC&b=*", "b=%2A&a=ü", true),
            ("a", "a=", true),
            ("a=1&&b=2&", "b=2&a=1", true),
            ("a=%zz&b=%", "b=%25&a=%25zz", true),
            ("a=1", "a=1&a=1", false),
            ("a=1&a=1&b", "b&b&a=1", false),
            ("a=1", "a=2", false),
            ("a=1", "A=1", false),
            ("a=1&b=2", "a=2&b=1", false),
            ("a=1%26b=2", "a=1&b=2", false),
            ("a=b%3Dc", "a%3Db=c", false),
            ("a", "", false),
            ("=a", "a=", false),
        ] {
            assert_eq!(has_same_parameters(one, other), same, "{one} {other}");
            assert_eq!(has_same_parameters(other, one), same, "{other} {one}");
        }
    }

    /// Writes parameters as a query, with as much percent-encoding as `style` says.
    fn write(parameters: &[(String, String)], style: u8) -> String {
        let encode = |text: &String| {
            let encode = |byte: u8| match byte {
                b'a'..=b'z' if style != 0 => char::from(byte).to_string(),
                b' ' if style == 2 => "+".to_owned(),
                byte => format!("%{byte:02X}"),
            };
            text.bytes().map(encode).collect::<String>()
        };
        let written = parameters.iter();
        let written: Vec<_> = written
            .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
            .collect();
        written.join("&")
    }

    proptest! {
        #[test]
        fn order_and_encoding_do_not_matter(
            (parameters, shuffled) in vec(("[a-c&=+% ü]{0,3}", "[a-c&=+% ü]{0,3}"), 0..6)
                .prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
            styles in (0..3_u8, 0..3_u8),
        ) {
            let (one, other) = (write(&parameters, styles.0), write(&shuffled, styles.1));
            prop_assert!(has_same_parameters(&one, &other), "{} {}", one, other);
        }

        #[test]
        fn any_changed_parameter_is_noticed(
            parameters in vec(("[a-c]{1,2}", "[a-c]{0,2}"), 1..6),
            at in any::<prop::sample::Index>(),
            added in "[a-c&=%+]{1,3}",
        ) {
            let mut changed = parameters.clone();
            at.get_mut(&mut changed).1.push_str(&added);
            let (one, other) = (write(&parameters, 1), write(&changed, 1));
            prop_assert!(!has_same_parameters(&one, &other), "{} {}", one, other);
            changed = parameters.clone();
            changed.remove(at.index(changed.len()));
            let other = write(&changed, 2);
            prop_assert!(!has_same_parameters(&one, &other), "{} {}", one, other);
        }

        #[test]
        fn any_text_is_taken(one in ".{0,40}", other in "[a&=%+0-9]{0,40}") {
            prop_assert!(has_same_parameters(&one, &one));
            prop_assert_eq!(
                has_same_parameters(&one, &other),
                has_same_parameters(&other, &one)
            );
        }
    }
}
