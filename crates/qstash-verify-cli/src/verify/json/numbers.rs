//! Numbers in JSON, as serialisers write them.

/// The form of written numbers.
#[derive(Clone, Copy, Debug)]
pub(super) enum Numbers<'a> {
    /// As given.
    Given,
    /// As JavaScript and Go write them: `1` for `1.0`.
    JavaScript,
    /// As Python writes floats: given numbers with a fraction or an exponent.
    PythonFloats,
    /// Likewise, and some integers as floats: those whose group is in the set, a bit
    /// for each of the first 64. `u64::MAX` is all groups.
    Floats { groups: &'a [usize], set: u64 },
}

impl Numbers<'_> {
    pub(super) fn label(&self) -> Option<&'static str> {
        match self {
            Numbers::Given => None,
            Numbers::JavaScript => Some("with `1` for `1.0`"),
            Numbers::PythonFloats => Some("with Python's floats"),
            Numbers::Floats { .. } => Some("with `1.0` for `1`"),
        }
    }

    /// Writes a number. `integers` counts the integers before it.
    pub(super) fn write(&self, number: &str, integers: &mut usize, out: &mut String) {
        let float = match self {
            Numbers::Given => None,
            Numbers::JavaScript if is_integer(number) => None,
            Numbers::JavaScript => javascript(number),
            Numbers::PythonFloats if is_integer(number) => None,
            Numbers::Floats { groups, set } if is_integer(number) => {
                let group = groups.get(*integers).copied().unwrap_or(usize::MAX);
                *integers += 1;
                let chosen = u32::try_from(group)
                    .ok()
                    .and_then(|group| 1_u64.checked_shl(group));
                match chosen {
                    Some(bit) if set & bit != 0 => python(number),
                    None if *set == u64::MAX => python(number),
                    _ => None,
                }
            }
            Numbers::PythonFloats | Numbers::Floats { .. } => python(number),
        };
        match float {
            Some(float) => out.push_str(&float),
            None => out.push_str(number),
        }
    }
}

pub(super) fn is_integer(number: &str) -> bool {
    !number.contains(['.', 'e', 'E'])
}

/// Returns the sign, the shortest digits and the exponent of a float.
fn shortest(number: &str) -> Option<(&'static str, String, i32)> {
    let float: f64 = number
        .parse()
        .ok()
        .filter(|float: &f64| float.is_finite())?;
    let text = format!("{:e}", float.abs());
    let (digits, exponent) = text.split_once('e')?;
    let sign = if float.is_sign_negative() { "-" } else { "" };
    Some((sign, digits.replace('.', ""), exponent.parse().ok()?))
}

/// Formats a number as `Number::toString` of ECMAScript and as Go.
fn javascript(number: &str) -> Option<String> {
    let (sign, digits, exponent) = shortest(number)?;
    // `JSON.stringify(-0)` is `0`.
    let sign = if digits == "0" { "" } else { sign };
    Some(match exponent {
        -6..=20 => format!("{sign}{}", decimal(&digits, exponent)),
        _ => format!("{sign}{}e{exponent:+}", mantissa(&digits)),
    })
}

/// Formats a number as `float.__repr__` of Python.
fn python(number: &str) -> Option<String> {
    let (sign, digits, exponent) = shortest(number)?;
    Some(match exponent {
        -4..=15 => {
            let decimal = decimal(&digits, exponent);
            let fraction = if decimal.contains('.') { "" } else { ".0" };
            format!("{sign}{decimal}{fraction}")
        }
        _ => format!("{sign}{}e{exponent:+03}", mantissa(&digits)),
    })
}

fn mantissa(digits: &str) -> String {
    match digits.split_at_checked(1) {
        Some((first, rest)) if !rest.is_empty() => format!("{first}.{rest}"),
        _ => digits.to_owned(),
    }
}

fn decimal(digits: &str, exponent: i32) -> String {
    let Ok(exponent) = usize::try_from(exponent) else {
        let zeros = usize::try_from(-1 - exponent).unwrap_or_default();
        return format!("0.{}{digits}", "0".repeat(zeros));
    };
    match digits.split_at_checked(exponent + 1) {
        Some((whole, "")) => whole.to_owned(),
        Some((whole, fraction)) => format!("{whole}.{fraction}"),
        None => format!("{digits}{}", "0".repeat(exponent + 1 - digits.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_written_as_the_languages_do() {
        for (given, in_javascript, in_python) in [
            ("1.0", "1", "1.0"),
            ("1", "1", "1.0"),
            ("-7", "-7", "-7.0"),
            ("1.50", "1.5", "1.5"),
            ("0.1", "0.1", "0.1"),
            ("-0.0", "0", "-0.0"),
            ("1e2", "100", "100.0"),
            ("0.00001", "0.00001", "1e-05"),
            ("1e-7", "1e-7", "1e-07"),
            ("10000000000000000", "10000000000000000", "1e+16"),
            (
                "1234567890123456.5",
                "1234567890123456.5",
                "1234567890123456.5",
            ),
            ("1e21", "1e+21", "1e+21"),
            ("1.5e300", "1.5e+300", "1.5e+300"),
        ] {
            assert_eq!(javascript(given).as_deref(), Some(in_javascript), "{given}");
            assert_eq!(python(given).as_deref(), Some(in_python), "{given}");
        }
        assert_eq!(python("1e999"), None);
    }
}
