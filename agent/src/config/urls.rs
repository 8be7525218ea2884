//! URLs as they may be shown: a password in one is a secret like any other.

use serde::Serializer;
use url::Url;

/// The URL without user and password, for logs and labels.
pub fn shown(text: &str) -> String {
    let Ok(mut url) = Url::parse(text) else { return text.to_owned() };
    if url.username().is_empty() && url.password().is_none() {
        return text.to_owned();
    }
    // Only URLs without a host refuse these, and those do not pass the check.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.to_string()
}

/// Serializes a URL with its password, if it has one, as stars.
pub(super) fn masked<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    match Url::parse(text) {
        Ok(mut url) if url.password().is_some() => {
            let _ = url.set_password(Some("***"));
            serializer.serialize_str(url.as_str())
        }
        _ => serializer.serialize_str(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_not_shown() {
        assert_eq!(shown("http://u:p@a:1/m?x=y"), "http://a:1/m?x=y");
        assert_eq!(shown("http://a:1"), "http://a:1");
        assert_eq!(shown("nonsense"), "nonsense");
    }
}
