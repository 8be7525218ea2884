//! Sample values: what Go's `strconv.ParseFloat` takes, bit for bit, as Prometheus restricts it.
//!
//! Most values on a page are short decimals, so those are read by hand; the rest go to the
//! standard library, which rounds correctly for any length.

/// Why a token is no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is not spelt as one.
    Syntax,
    /// It would be infinite without saying so.
    Range,
}

/// Powers of ten that a 64-bit float holds exactly.
const EXACT: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
];

/// Reads a plain decimal at the start of `bytes`: its value and length.
///
/// `None` where the slow way must decide: words, signs but `-`, more than 15 digits, far exponents.
/// With at most 15 digits and a power of ten up to 22 both operands of the one operation are exact,
/// so the result is correctly rounded (Clinger 1990, the fast case).
#[inline]
pub(crate) fn decimal(bytes: &[u8]) -> Option<(f64, usize)> {
    let negative = bytes.first() == Some(&b'-');
    let from = usize::from(negative);
    let (mut digits, mut at) = digits(bytes, from, 0);
    let mut count = at - from;
    let mut places = 0;
    let mut stop = bytes.get(at).copied();
    if stop == Some(b'.') {
        let point = at + 1;
        (digits, at) = self::digits(bytes, point, digits);
        places = at - point;
        count += places;
        stop = bytes.get(at).copied();
    }
    let mut power = 0;
    if stop == Some(b'e') {
        (power, at) = exponent(bytes, at + 1)?;
        stop = bytes.get(at).copied();
    }
    if count == 0 || count > 15 || !matches!(stop, None | Some(b'\n' | b' ' | b'\t')) {
        return None;
    }
    let magnitude = digits as f64;
    let magnitude = if power >= places {
        magnitude * EXACT.get(power - places)?
    } else {
        magnitude / EXACT[places - power]
    };
    Some((if negative { -magnitude } else { magnitude }, at))
}

/// Goes on reading digits into `value`; wraps around where there are too many, which the caller counts.
#[inline]
fn digits(bytes: &[u8], mut at: usize, mut value: u64) -> (u64, usize) {
    while let Some(digit) = bytes.get(at).map(|byte| byte.wrapping_sub(b'0')).filter(|digit| *digit <= 9) {
        value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
        at += 1;
    }
    (value, at)
}

/// A positive exponent of two digits, as Go writes from `1e+06` on; others go the slow way.
#[inline]
fn exponent(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    let &[b'+', tens @ b'0'..=b'9', ones @ b'0'..=b'9'] = bytes.get(at..at + 3)? else { return None };
    Some((usize::from(tens - b'0') * 10 + usize::from(ones - b'0'), at + 3))
}

/// Reads a whole token, whatever its form.
pub(crate) fn token(token: &str) -> Result<f64, Fault> {
    let unsigned = token.strip_prefix(['+', '-']).unwrap_or(token);
    // Rust takes a signed NaN, Go does not.
    if unsigned.len() < token.len() && unsigned.eq_ignore_ascii_case("nan") {
        return Err(Fault::Syntax);
    }
    let value: f64 = token.parse().map_err(|_| Fault::Syntax)?;
    if value.is_nan() {
        // One bit pattern for all, so that no page can forge a staleness marker.
        return Ok(f64::from_bits(0x7ff8_0000_0000_0001));
    }
    if value.is_infinite() && unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return Err(Fault::Range);
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fast_way_agrees_with_the_standard_library() {
        for text in [
            "0",
            "-0",
            "1",
            "12.5",
            "0.1",
            "-3.25",
            "999999999999999",
            "0.00000000000001",
            "1.",
            "1e+06",
            "-2.57631297536e+11",
            "123456789012345e+22",
        ] {
            let (value, len) = decimal(text.as_bytes()).expect(text);
            assert_eq!(
                (value.to_bits(), len),
                (text.parse::<f64>().unwrap().to_bits(), text.len()),
                "{text}"
            );
        }
        for text in ["", "-", ".", "1e5", "1e+23", "1e+123", "NaN", "1234567890123456", "0x10", "+1"] {
            assert_eq!(decimal(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn go_decides_what_a_float_is() {
        for (text, value) in
            [("+Inf", f64::INFINITY), ("-inf", f64::NEG_INFINITY), ("infinity", f64::INFINITY)]
        {
            assert_eq!(token(text), Ok(value), "{text}");
        }
        assert_eq!(token("nAn").map(f64::to_bits), Ok(0x7ff8_0000_0000_0001));
        assert_eq!(token("1e-400"), Ok(0.0));
        for text in ["", ".", "1e", "0x10", "0x1p4", "1_000", "1\r", "+nan", "infi", "--1"] {
            assert_eq!(token(text), Err(Fault::Syntax), "{text}");
        }
        assert_eq!(token("1e400"), Err(Fault::Range));
        assert_eq!(token("-1e400"), Err(Fault::Range));
    }
}
