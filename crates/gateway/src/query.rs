//! Queries and forms: names and values, percent-encoded.

use percent_encoding::percent_decode_str;

/// The first value of a name.
pub fn first<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
}

/// The pairs of a query or of a form in their order; an error names the part that is no text.
pub fn pairs(text: &str) -> Result<Vec<(String, String)>, String> {
    let decoded = |part: &str| {
        // Forms write a blank as a plus, and a plus as an escape.
        let part = part.replace('+', " ");
        let text = percent_decode_str(&part).decode_utf8();
        text.map(std::borrow::Cow::into_owned).map_err(|_| format!("`{part}` is not valid UTF-8"))
    };
    let parts = text.split('&').filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            Ok((decoded(name)?, decoded(value)?))
        })
        .collect()
}
