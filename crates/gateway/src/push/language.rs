//! What a body is written in and packed with, by its headers, as the real one decides it.

use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use service::body::{self, BodyError};
use service::negotiate;

/// What a body is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Text 0.0.4, whatever the content type says that is none of those below.
    Text,
    /// Delimited `io.prometheus.client.MetricFamily`.
    Protobuf,
    /// OpenMetrics 1.0, which the real one reads as text.
    OpenMetrics,
}

impl Language {
    /// By the content type. Protobuf needs both of its parameters; the real one reads text without them.
    pub fn of(headers: &HeaderMap) -> Self {
        let text = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let (media, parameters) = negotiate::media(text);
        let has = |name: &str, wanted: &str| {
            let mut found = parameters.iter().filter(|(key, _)| key == name);
            found.next().is_some_and(|(_, value)| value == wanted) && found.next().is_none()
        };
        match media.as_str() {
            "application/vnd.google.protobuf"
                if has("proto", "io.prometheus.client.MetricFamily") && has("encoding", "delimited") =>
            {
                Self::Protobuf
            }
            "application/openmetrics-text" => Self::OpenMetrics,
            _ => Self::Text,
        }
    }
}

/// What a body is packed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// Nothing, or what nobody unpacks: the body is read as it is.
    None,
    /// gzip, of any number of members.
    Gzip,
    /// Framed snappy.
    Snappy,
}

impl Packing {
    /// By the content encoding, in any case.
    pub fn of(headers: &HeaderMap) -> Self {
        let encoding = headers.get(CONTENT_ENCODING).and_then(|encoding| encoding.to_str().ok());
        match encoding.unwrap_or_default().trim().to_ascii_lowercase().as_str() {
            "gzip" => Self::Gzip,
            "snappy" => Self::Snappy,
            _ => Self::None,
        }
    }

    /// Unpacks a body to at most `most` bytes.
    pub fn unpack(self, body: Bytes, most: usize) -> Result<Bytes, BodyError> {
        match self {
            Self::None => Ok(body),
            Self::Gzip => body::gunzip(&body, most),
            Self::Snappy => body::unsnap(&body, most),
        }
    }
}
