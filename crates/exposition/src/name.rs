//! Which bytes may stand in a metric or label name.

use std::borrow::Cow;

const START: u8 = 1;
const DIGIT: u8 = 2;
const COLON: u8 = 4;

/// A class for each byte, so that a name is read with one look-up a byte.
static CLASS: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        table[byte as usize] = match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => START,
            b'0'..=b'9' => DIGIT,
            b':' => COLON,
            _ => 0,
        };
        byte += 1;
    }
    table
};

/// The length of the metric name that `bytes` begin with: `[a-zA-Z_:][a-zA-Z0-9_:]*`, 0 if none.
#[inline]
pub(crate) fn metric_len(bytes: &[u8]) -> usize {
    prefix_len(bytes, START | COLON)
}

/// The length of the label name that `bytes` begin with: `[a-zA-Z_][a-zA-Z0-9_]*`, 0 if none.
#[inline]
pub(crate) fn label_len(bytes: &[u8]) -> usize {
    prefix_len(bytes, START)
}

#[inline]
fn prefix_len(bytes: &[u8], first: u8) -> usize {
    match bytes.first() {
        Some(&byte) if CLASS[usize::from(byte)] & first != 0 => {}
        _ => return 0,
    }
    let allowed = first | DIGIT;
    bytes.iter().position(|&byte| CLASS[usize::from(byte)] & allowed == 0).unwrap_or(bytes.len())
}

/// Whether this byte can go on a metric name.
#[inline]
pub(crate) fn continues_metric(byte: u8) -> bool {
    CLASS[usize::from(byte)] != 0
}

/// Whether this is a metric name that every Prometheus reads: `[a-zA-Z_:][a-zA-Z0-9_:]*`.
pub fn is_metric_name(name: &str) -> bool {
    !name.is_empty() && metric_len(name.as_bytes()) == name.len()
}

/// Whether this is a label name that every Prometheus reads: `[a-zA-Z_][a-zA-Z0-9_]*`.
///
/// Names that begin with `__` pass here, too: they are legal in a page, and reserved elsewhere.
pub fn is_label_name(name: &str) -> bool {
    !name.is_empty() && label_len(name.as_bytes()) == name.len()
}

/// The name as readers of the classic alphabet get it: every other character becomes `_`.
///
/// This is the escaping that Prometheus calls `underscores`.
pub(crate) fn underscored(name: &str) -> Cow<'_, str> {
    if metric_len(name.as_bytes()) == name.len() {
        return Cow::Borrowed(name);
    }
    let legal = |(at, c): (usize, char)| {
        let legal = c.is_ascii_alphabetic() || matches!(c, '_' | ':') || at > 0 && c.is_ascii_digit();
        if legal { c } else { '_' }
    };
    Cow::Owned(name.chars().enumerate().map(legal).collect())
}

/// The name as Prometheus' escaping `values` writes it: no two names become the same.
pub(crate) fn values(name: &str) -> String {
    let mut spelt = "U__".to_owned();
    for (at, c) in name.chars().enumerate() {
        match c {
            '_' => spelt.push_str("__"),
            ':' | 'a'..='z' | 'A'..='Z' => spelt.push(c),
            '0'..='9' if at > 0 => spelt.push(c),
            c => spelt.push_str(&format!("_{:x}_", u32::from(c))),
        }
    }
    spelt
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_data_model() {
        for good in ["a", "_", ":", "a:b_c9", "A9"] {
            assert!(is_metric_name(good), "{good}");
        }
        for bad in ["", "9a", "a-b", "a b", "é", "a.b"] {
            assert!(!is_metric_name(bad), "{bad}");
            assert!(!is_label_name(bad), "{bad}");
        }
        assert!(is_label_name("__x") && !is_label_name("a:b"));
    }
}
