//! URLs as they may be shown: a password in one is a secret like any other.

use serde::Serializer;
use url::Url;

/// The URL without user and password, for logs and labels.
pub fn shown(text: &str) -> String {
    let Some(mut url) = Url::parse(text).ok().filter(Url::has_host) else { return hidden(text) };
    if url.username().is_empty() && url.password().is_none() {
        return text.to_owned();
    }
    if url.set_username("").and_then(|()| url.set_password(None)).is_err() {
        return hidden(text);
    }
    url.to_string()
}

/// What is no URL may be one with a slip in it: all that may be a password goes.
fn hidden(text: &str) -> String {
    let Some((before, after)) = text.rsplit_once('@') else { return text.to_owned() };
    let scheme = before.split_once("://").map_or(String::new(), |(scheme, _)| format!("{scheme}://"));
    format!("{scheme}***@{after}")
}

/// Serializes a URL with its password, if it has one, as stars.
pub(super) fn masked<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    match Url::parse(text) {
        Ok(mut url) if url.password().is_some() => {
            let _ = url.set_password(Some("***"));
            serializer.serialize_str(url.as_str())
        }
        Ok(url) if url.has_host() => serializer.serialize_str(text),
        _ => serializer.serialize_str(&hidden(text)),
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
        for slip in [
            "http://u:secret@:99999/",
            "u:secret@a",
            "http//u:secret@a",
            "http://u:se@cret@[::1/",
            "u:secret@",
        ] {
            assert!(!shown(slip).contains("cret"), "{}", shown(slip));
        }
        assert_eq!(shown("http://u:secret@:99999/"), "http://***@:99999/");
    }
}
