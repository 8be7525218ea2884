//! The grouping key of a Pushgateway group: what identifies it, and its URL.
//!
//! The path is read as the real Pushgateway reads it (its README, "URL"): decoded once as a whole,
//! then split at slashes; `NAME@base64` values are URL-safe base64 with or without padding.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use thiserror::Error;

use crate::name;

const SUFFIX: &str = "@base64";
/// RFC 3986 section 2.3: what never needs an escape in a path segment.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
/// Go's decoder, which the Pushgateway uses, ignores stray trailing bits.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// A job and labels that together name one group.
///
/// The order of labels does not matter, and a label with an empty value is another group than
/// one without the label.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupingKey {
    job: String,
    labels: BTreeMap<String, String>,
}

/// Why a path or a set of labels is no grouping key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum KeyError {
    /// The path does not begin with `job/` or `job@base64/`.
    #[error("expected a path of the form /metrics/job/JOB{{/LABEL/VALUE}}, got `{0}`")]
    Shape(String),
    /// An empty job.
    #[error("job name is required")]
    Job,
    /// A label without its value.
    #[error("odd number of components in label string `{0}`")]
    Odd(String),
    /// A label name that Prometheus would not take, or that it keeps for itself.
    #[error("improper label name `{0}`: expected [a-zA-Z_][a-zA-Z0-9_]*, not beginning with `__`")]
    Label(String),
    /// A value marked as base64 that is none.
    #[error("invalid base64 encoding in value `{value}` of label `{label}`: expected the URL-safe alphabet")]
    Base64 {
        /// The label's name.
        label: String,
        /// The value as it stood in the path.
        value: String,
    },
    /// Bytes that are no text; behind a real Pushgateway one such key makes every scrape fail.
    #[error("the value of `{0}` is not valid UTF-8")]
    Utf8(String),
}

impl GroupingKey {
    /// A key of a job and labels. A label `job` is not allowed beside the job itself.
    pub fn new<N, V>(
        job: impl Into<String>,
        labels: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self, KeyError>
    where
        N: Into<String>,
        V: Into<String>,
    {
        let job = job.into();
        if job.is_empty() {
            return Err(KeyError::Job);
        }
        let labels: BTreeMap<String, String> =
            labels.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        match labels.keys().find(|name| !is_grouping_label(name) || *name == "job") {
            Some(name) => Err(KeyError::Label(name.clone())),
            None => Ok(Self { job, labels }),
        }
    }

    /// Reads what follows `/metrics/` in a push URL, still percent-encoded.
    pub fn from_path(path: &str) -> Result<Self, KeyError> {
        let decoded = percent_decode_str(path).decode_utf8().map_err(|_| KeyError::Utf8(path.to_owned()))?;
        Self::from_decoded_path(&decoded)
    }

    /// The same for a path that was percent-decoded already.
    pub fn from_decoded_path(path: &str) -> Result<Self, KeyError> {
        let shape = || KeyError::Shape(path.to_owned());
        let (marker, rest) = path.split_once('/').ok_or_else(shape)?;
        let (job, rest) = rest.split_once('/').unwrap_or((rest, ""));
        let job = match marker {
            "job" => job.to_owned(),
            "job@base64" => decode("job", job)?,
            _ => return Err(shape()),
        };
        if job.is_empty() {
            return Err(KeyError::Job);
        }
        let mut labels = BTreeMap::new();
        let mut segments = rest.split('/');
        while let Some(name) = segments.next() {
            let Some(value) = segments.next() else {
                // A lone slash after the job ends no label.
                if rest.is_empty() {
                    break;
                }
                return Err(KeyError::Odd(rest.to_owned()));
            };
            let plain = name.strip_suffix(SUFFIX).unwrap_or(name);
            if !is_grouping_label(plain) {
                return Err(KeyError::Label(plain.to_owned()));
            }
            let value = if plain.len() == name.len() { value.to_owned() } else { decode(plain, value)? };
            labels.insert(plain.to_owned(), value);
        }
        // The real one takes the job from its own segment, whatever a later one says.
        labels.remove("job");
        Ok(Self { job, labels })
    }

    /// The job's name.
    pub fn job(&self) -> &str {
        &self.job
    }

    /// The labels besides the job.
    pub fn labels(&self) -> &BTreeMap<String, String> {
        &self.labels
    }

    /// All labels that the group's series carry, the job first.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let labels = self.labels.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        std::iter::once(("job", self.job.as_str())).chain(labels)
    }
}

fn is_grouping_label(name: &str) -> bool {
    name::is_label_name(name) && !name.starts_with("__")
}

fn decode(label: &str, value: &str) -> Result<String, KeyError> {
    // Line breaks in base64 mean nothing to Go's decoder.
    let joined: String = value.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    let bytes = BASE64
        .decode(joined.trim_end_matches('='))
        .map_err(|_| KeyError::Base64 { label: label.to_owned(), value: value.to_owned() })?;
    String::from_utf8(bytes).map_err(|_| KeyError::Utf8(label.to_owned()))
}

/// `job/api/instance@base64/YS9i`: what follows `/metrics/` in the push URL.
impl fmt::Display for GroupingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, (name, value)) in self.iter().enumerate() {
            if position > 0 {
                f.write_str("/")?;
            }
            // A slash would split the value even when escaped, and dot segments get cleaned away.
            if value.contains('/') || matches!(value, "." | "..") {
                write!(f, "{name}{SUFFIX}/{}", BASE64.encode(value))?;
            } else if value.is_empty() {
                write!(f, "{name}{SUFFIX}/=")?;
            } else {
                write!(f, "{name}/{}", utf8_percent_encode(value, SEGMENT))?;
            }
        }
        Ok(())
    }
}

impl FromStr for GroupingKey {
    type Err = KeyError;

    fn from_str(path: &str) -> Result<Self, KeyError> {
        Self::from_path(path)
    }
}
