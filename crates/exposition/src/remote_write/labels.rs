//! The labels of a series as remote write 1.0 spells them: made once, then copied with every sample.

use std::fmt;
use std::sync::Arc;

use thiserror::Error;

use super::wire::{Input, put_varint, varint_len};
use crate::name;

/// Bytes that one encoded label set may have.
const MAX_BYTES: usize = 1 << 20;

/// A checked label set: `repeated Label` of a 1.0 `TimeSeries`, field numbers and lengths included.
///
/// Names are sorted by their bytes, none is empty and none stands twice, and no value is empty
/// (specification 1.0, "Labels"; 2.0, "Labels").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeriesLabels {
    bytes: Arc<[u8]>,
    hash: u64,
    classic: bool,
}

/// Why a label set is none that may be sent.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LabelsError {
    /// A label without a name.
    #[error("a label with the value `{value}` has no name")]
    EmptyName {
        /// Its value.
        value: String,
    },
    /// Two labels of one name.
    #[error("label name `{name}` stands twice in one series")]
    Repeated {
        /// The name.
        name: String,
    },
    /// There is no `__name__`, or it is empty.
    #[error("the series has no metric name (`__name__`)")]
    Nameless,
    /// All labels together are too long.
    #[error("the labels of one series take {found} bytes, over the limit of {limit}")]
    TooLong {
        /// Bytes that they take.
        found: usize,
        /// Bytes that they may take.
        limit: usize,
    },
}

impl SeriesLabels {
    /// Encodes these labels, the metric name among them as `__name__`, in any order.
    ///
    /// A label with an empty value is left out: to Prometheus it is the same as no label.
    pub fn new<'a>(labels: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, LabelsError> {
        let sorted = sorted(labels)?;
        let Some((_, metric)) = sorted.iter().find(|(name, _)| *name == "__name__") else {
            return Err(LabelsError::Nameless);
        };
        let classic =
            name::is_metric_name(metric) && sorted.iter().all(|(name, _)| name::is_label_name(name));
        let bytes: Arc<[u8]> = encoded(&sorted)?.into();
        let hash = fnv(&bytes);
        Ok(Self { bytes, hash, classic })
    }

    /// The encoded labels.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The labels one by one.
    pub fn pairs(&self) -> LabelPairs<'_> {
        LabelPairs::new(&self.bytes)
    }

    /// A number that is the same for this label set in every run and version, to choose a shard by: a series
    /// that changed its shard at a restart could overtake its own samples.
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// Whether all names are of the classic alphabet, as remote write 1.0 demands.
    pub fn is_classic(&self) -> bool {
        self.classic
    }
}

/// A label set of [`SeriesLabels`] that is kept elsewhere: many in one piece of memory.
#[derive(Debug, Clone, Copy)]
pub struct LabelsRef<'a> {
    /// The bytes of [`SeriesLabels::bytes`].
    pub bytes: &'a [u8],
    /// What [`SeriesLabels::is_classic`] said.
    pub classic: bool,
}

impl<'a> From<&'a SeriesLabels> for LabelsRef<'a> {
    fn from(labels: &'a SeriesLabels) -> Self {
        Self { bytes: &labels.bytes, classic: labels.classic }
    }
}

/// Encodes labels that need no metric name, such as those of an exemplar.
pub fn encode_labels<'a>(
    labels: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<Vec<u8>, LabelsError> {
    encoded(&sorted(labels)?)
}

fn sorted<'a>(
    labels: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<Vec<(&'a str, &'a str)>, LabelsError> {
    let mut sorted: Vec<(&str, &str)> = labels.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    // `str` compares by bytes: `Mid` < `__name__` < `a`.
    sorted.sort_unstable();
    if let Some(("", value)) = sorted.first() {
        return Err(LabelsError::EmptyName { value: (*value).to_owned() });
    }
    match sorted.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        Some(pair) => Err(LabelsError::Repeated { name: pair[0].0.to_owned() }),
        None => Ok(sorted),
    }
}

fn encoded(sorted: &[(&str, &str)]) -> Result<Vec<u8>, LabelsError> {
    let lens = |(name, value): &(&str, &str)| 2 * 6 + 6 + name.len() + value.len();
    let most: usize = sorted.iter().map(lens).sum();
    if most > MAX_BYTES {
        return Err(LabelsError::TooLong { found: most, limit: MAX_BYTES });
    }
    let mut out = Vec::with_capacity(most);
    for (name, value) in sorted {
        put_label(&mut out, name.as_bytes(), value.as_bytes());
    }
    Ok(out)
}

/// `Label` as element of field 1: `Label { 1: name, 2: value }`.
pub(super) fn put_label(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    let (name_len, value_len) = (name.len() as u64, value.len() as u64);
    let len = 2 + varint_len(name_len) + name.len() + varint_len(value_len) + value.len();
    out.push(0x0a);
    put_varint(out, len as u64);
    out.push(0x0a);
    put_varint(out, name_len);
    out.extend_from_slice(name);
    out.push(0x12);
    put_varint(out, value_len);
    out.extend_from_slice(value);
}

/// FNV-1a, 64 bits: simple enough to stay the same for ever, and run once a series.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// The labels of an encoded set one by one, as bytes: `(name, value)`. Ends at the first fault.
#[derive(Debug, Clone)]
pub struct LabelPairs<'a>(Input<'a>);

impl<'a> LabelPairs<'a> {
    #[inline]
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(Input(bytes))
    }

    /// The next label, and its whole field.
    #[inline]
    pub(super) fn next_field(&mut self) -> Option<(&'a [u8], &'a [u8], &'a [u8])> {
        let start = self.0.0;
        let label = (self.0.byte()? == 0x0a).then(|| self.0.piece())??;
        let field = &start[..start.len() - self.0.0.len()];
        let mut label = Input(label);
        let name = (label.byte()? == 0x0a).then(|| label.piece())??;
        let value = (label.byte()? == 0x12).then(|| label.piece())??;
        label.0.is_empty().then_some((field, name, value))
    }

    /// Whether these bytes are labels as [`encode_labels`] writes them: sorted, unique, none empty.
    pub(super) fn well_formed(bytes: &'a [u8]) -> bool {
        let (mut pairs, mut before) = (Self::new(bytes), &[] as &[u8]);
        loop {
            let ended = pairs.0.0.is_empty();
            match pairs.next_field() {
                // An empty name is not greater than any name before it.
                Some((_, name, value)) if name > before && !value.is_empty() => before = name,
                Some(_) => return false,
                None => return ended,
            }
        }
    }
}

impl<'a> Iterator for LabelPairs<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        self.next_field().map(|(_, name, value)| (name, value))
    }
}

/// For people: `a{x="1"}`.
impl fmt::Display for LabelPairs<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = String::from_utf8_lossy;
        if let Some((_, metric)) = self.clone().find(|(name, _)| *name == b"__name__") {
            f.write_str(&text(metric))?;
        }
        let mut before = "{";
        for (name, value) in self.clone().filter(|(name, _)| *name != b"__name__") {
            write!(f, "{before}{}={:?}", text(name), text(value))?;
            before = ",";
        }
        f.write_str(if before == "," { "}" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_sorted_by_bytes_and_empty_values_left_out() {
        let labels =
            SeriesLabels::new([("a", "1"), ("_x", "2"), ("__name__", "up"), ("Mid", "3"), ("z", "")])
                .unwrap();
        let names: Vec<_> = labels.pairs().map(|(name, _)| name).collect();
        assert_eq!(names, [&b"Mid"[..], b"__name__", b"_x", b"a"]);
        assert_eq!(labels.pairs().to_string(), r#"up{Mid="3",_x="2",a="1"}"#);
        assert!(LabelPairs::well_formed(labels.bytes()) && labels.is_classic());
    }

    #[test]
    fn what_may_not_be_sent_is_named() {
        let error = |labels: &[(&'static str, &'static str)]| {
            SeriesLabels::new(labels.iter().copied()).unwrap_err().to_string()
        };
        assert_eq!(error(&[("a", "1")]), "the series has no metric name (`__name__`)");
        assert_eq!(error(&[("__name__", "")]), "the series has no metric name (`__name__`)");
        assert_eq!(error(&[("__name__", "x"), ("", "v")]), "a label with the value `v` has no name");
        let twice = error(&[("__name__", "x"), ("a", "1"), ("a", "2")]);
        assert_eq!(twice, "label name `a` stands twice in one series");
        assert!(!SeriesLabels::new([("__name__", "a.b")]).unwrap().is_classic());
        let long = "x".repeat(MAX_BYTES);
        assert!(SeriesLabels::new([("__name__", long.as_str())]).is_err());
    }

    #[test]
    fn a_shard_stays_the_same() {
        // Spools of older versions hold records that were dealt out by this number.
        let labels = SeriesLabels::new([("__name__", "up"), ("job", "api")]).unwrap();
        assert_eq!(labels.hash(), fnv(b"\n\x0e\n\x08__name__\x12\x02up\n\n\n\x03job\x12\x03api"));
        assert_eq!(fnv(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv(b"a"), 0xaf63_dc4c_8601_ec8c);
    }
}
