//! Headers that all answers carry: those that exporter-toolkit knows, and with what they may say.

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderName, HeaderValue};

/// Its `validateHeaderConfig`: nothing else is to be set, for much of it would break what is served.
const KNOWN: [(&str, &[&str]); 5] = [
    ("Strict-Transport-Security", &[]),
    ("X-Content-Type-Options", &["nosniff"]),
    ("X-Frame-Options", &["deny", "sameorigin"]),
    ("X-XSS-Protection", &[]),
    ("Content-Security-Policy", &[]),
];

/// Reads `http_server_config.headers`.
pub(super) fn read(written: &BTreeMap<String, String>) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for (name, value) in written {
        let place = format!("http_server_config.headers.{name}");
        let known = KNOWN.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        let Some((_, values)) = known else {
            let names = KNOWN.map(|(name, _)| name).join(", ");
            return Err(format!("{place}: expected one of {names}"));
        };
        if !values.is_empty() && !values.contains(&value.as_str()) {
            return Err(format!("{place}: expected {}, got `{value}`", values.join(" or ")));
        }
        let wrong = || format!("{place}: `{}` cannot stand in a header", value.escape_debug());
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
        headers.insert(name, HeaderValue::from_str(value).map_err(|_| wrong())?);
    }
    Ok(headers)
}
