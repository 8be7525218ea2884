//! URLs as they may be shown: a password in one is a secret like any other.

use serde::{Serialize, Serializer};
use url::Url;

/// The URL without user and password and without the values of its query, for logs and labels.
pub fn shown(text: &str) -> String {
    let Some(mut url) = Url::parse(text).ok().filter(Url::has_host) else { return hidden(text) };
    if url.username().is_empty() && url.password().is_none() {
        return starred(text);
    }
    if url.set_username("").and_then(|()| url.set_password(None)).is_err() {
        return hidden(text);
    }
    starred(url.as_str())
}

/// What is no URL may be one with a slip in it: all that may be a password goes.
fn hidden(text: &str) -> String {
    let Some((before, after)) = text.rsplit_once('@') else { return starred(text) };
    let scheme = before.split_once("://").map_or(String::new(), |(scheme, _)| format!("{scheme}://"));
    format!("{scheme}***@{}", starred(after))
}

/// The query with its names alone: which of its values are tokens nobody here can know.
fn starred(text: &str) -> String {
    let Some((before, query)) = text.split_once('?') else { return text.to_owned() };
    let starred = |pair: &str| match pair.split_once('=') {
        Some((name, value)) if !value.is_empty() => format!("{name}=***"),
        Some(_) => pair.to_owned(),
        None if pair.is_empty() => String::new(),
        None => "***".to_owned(),
    };
    format!("{before}?{}", query.split('&').map(starred).collect::<Vec<_>>().join("&"))
}

/// Serializes a URL as [`stars`] shows it.
pub(super) fn masked<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&stars(text))
}

/// The same for one that need not be there; a path is shown as it is.
#[allow(clippy::ref_option, reason = "serde calls it with a reference to the field")]
pub(super) fn masked_if_any<S: Serializer>(text: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    text.as_deref().map(stars).serialize(serializer)
}

/// The same for several.
pub(super) fn all_masked<S: Serializer>(texts: &[String], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(texts.iter().map(|text| stars(text)))
}

/// The URL with all that may be a secret as stars; the user beside a password is none.
fn stars(text: &str) -> String {
    let Some(mut url) = Url::parse(text).ok().filter(Url::has_host) else { return hidden(text) };
    // Only URLs without a host refuse these.
    if url.password().is_some() {
        let _ = url.set_password(Some("***"));
    } else if !url.username().is_empty() {
        let _ = url.set_username("***");
    } else {
        return starred(text);
    }
    starred(url.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_not_shown() {
        assert_eq!(shown("http://u:p@a:1/m?x=y"), "http://a:1/m?x=***");
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

    #[test]
    fn tokens_are_not_shown_wherever_a_url_has_them() {
        assert_eq!(shown("http://a/m?token=secret&x=&flag"), "http://a/m?token=***&x=&***");
        assert_eq!(shown("http://secret@a/m"), "http://a/m");
        assert_eq!(shown("http://u:p@:99999/?token=secret"), "http://***@:99999/?token=***");
        for (text, want) in [
            ("http://secret@a/m", "http://***@a/m"),
            ("http://u:secret@a/m?t=secret", "http://u:***@a/m?t=***"),
            ("http://a/m?t=secret", "http://a/m?t=***"),
            ("http://a", "http://a"),
        ] {
            assert_eq!(stars(text), want);
        }
    }
}
