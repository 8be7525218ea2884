//! What a push itself asks for: in its query, or in a header where a client cannot change the URL.
//!
//! The real gateway ignores both, so a client may send them anywhere.

use std::time::Duration;

use http::{HeaderMap, HeaderName};
use percent_encoding::percent_decode_str;

use super::{LONGEST_ORIGIN, Life};
use crate::families::hashed;
use crate::settings::duration;

/// The lifetime of the group, as `?ttl=`, which wins over it.
pub const TTL: HeaderName = HeaderName::from_static("x-pushpull-ttl");
/// How long new counters read 0, as `?origin=`, which wins over it.
pub const ORIGIN: HeaderName = HeaderName::from_static("x-pushpull-origin");

/// What a push is named by: where pushes are added up, a second one of that name changes nothing.
pub const ONCE: HeaderName = HeaderName::from_static("idempotency-key");
/// Bytes of such a name.
const LONGEST_KEY: usize = 255;

/// What one push asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Asked {
    /// The life of its group.
    pub ttl: Option<Life>,
    /// How long new counters read 0; zero switches off what the settings say.
    pub origin: Option<Duration>,
}

impl Asked {
    /// Reads both; of what stands twice the last one counts. An error names the value and what was expected.
    pub fn read(query: &str, headers: &HeaderMap) -> Result<Self, String> {
        let ttl = value(query, headers, "ttl", &TTL);
        let ttl = ttl.map(|text| text.parse().map_err(|message| format!("ttl: {message}")));
        let origin = value(query, headers, "origin", &ORIGIN).map(|text| origin(&text));
        Ok(Self { ttl: ttl.transpose()?, origin: origin.transpose()? })
    }
}

/// What a push is named by, hashed. An error says how long such a name may be.
pub fn once(headers: &HeaderMap) -> Result<Option<u64>, String> {
    let key = headers.get(ONCE).map(|key| match key.len() {
        1..=LONGEST_KEY => Ok(hashed(key.as_bytes())),
        bytes => Err(format!("idempotency-key: expected 1 to {LONGEST_KEY} bytes, got {bytes}")),
    });
    key.transpose()
}

fn value(query: &str, headers: &HeaderMap, parameter: &str, header: &HeaderName) -> Option<String> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let asked = pairs.rev().find(|(name, _)| *name == parameter);
    let asked = asked.map(|(_, value)| percent_decode_str(value).decode_utf8_lossy().into_owned());
    asked.or_else(|| {
        let last = headers.get_all(header).iter().next_back()?;
        Some(String::from_utf8_lossy(last.as_bytes()).trim().to_owned())
    })
}

/// Reads an origin: as a lifetime, or 0 for none.
pub(super) fn origin(text: &str) -> Result<Duration, String> {
    let most = Life::For(LONGEST_ORIGIN);
    let wrong = || format!("origin: expected a duration such as 15s, 0, and at most {most}, got `{text}`");
    duration(text).filter(|origin| *origin <= LONGEST_ORIGIN).ok_or_else(wrong)
}
