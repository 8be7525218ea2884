//! The rules, each with the place in the specification that it is from.

/// What a request can break. `1.0` and `2.0` are the specifications, the words after them their sections;
/// `RFC 9110` is HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Rule {
    /// 1.0 Protocol, 2.0 Protocol: an HTTP POST.
    Method,
    /// 1.0 Protocol, 2.0 Content-Encoding: `snappy`, and nothing else but for VictoriaMetrics.
    ContentEncoding,
    /// 1.0 Protocol, 2.0 Content-Type: one of the three spellings, and one that says what the body is.
    ContentType,
    /// 1.0 Protocol, 2.0 X-Prometheus-Remote-Write-Version: `0.1.0` with 1.0, `2.0.0` with 2.0.
    Version,
    /// 1.0 Protocol, 2.0 User-Agent; RFC 9110 10.1.5: `name/version`.
    UserAgent,
    /// 1.0 Protocol, 2.0 Protocol: reserved headers cannot be sent by users, so each is there once.
    HeaderTwice,
    /// 1.0 Protocol, 2.0 Protocol: a snappy block, never a frame.
    Framed,
    /// The body does not unpack, or is no message.
    Unreadable,
    /// 1.0 Protocol, 2.0 Protobuf Message: reserved fields are not used, and no others made up.
    ReservedField,
    /// 2.0 Protobuf Message: nothing is asked of a receiver with a request that has nothing in it.
    Empty,
    /// 2.0 Symbols: the first is empty.
    FirstSymbol,
    /// 2.0 Symbols: none is there twice.
    SymbolTwice,
    /// 2.0 Symbols: a reference points to one that is there.
    Reference,
    /// 2.0 Protobuf Message: names and values in turn, so an even number.
    OddReferences,
    /// 1.0 Labels, 2.0 Series Labels: the complete set of labels.
    NoLabels,
    /// 1.0 Labels, 2.0 Series Labels: sorted by the bytes of names.
    LabelsUnsorted,
    /// 1.0 Labels, 2.0 Series Labels: no name twice.
    LabelTwice,
    /// 1.0 Labels, 2.0 Series Labels: no empty name or value.
    LabelEmpty,
    /// 1.0 Labels, 2.0 Series Labels (SHOULD): a name for each series.
    NoName,
    /// 1.0 Labels (in 2.0 a SHOULD): characters of names.
    LabelName,
    /// 1.0 Labels, 2.0 Series Labels (SHOULD): `__…` stays with the sender.
    ReservedLabel,
    /// 2.0 Protobuf Message: samples or histograms, at least one. 1.0: samples or histograms.
    NoPoints,
    /// 2.0 Protobuf Message: samples or histograms, never both.
    MixedPoints,
    /// 1.0 Protocol, 2.0 Protobuf Message: milliseconds since 1970, not seconds or nanoseconds.
    Timestamp,
    /// 2.0 Samples and Histogram Samples: it began before it was looked at.
    StartTimestamp,
    /// 1.0 Stale Markers, 2.0 Samples: no NaN but the ordinary one and the marker.
    NotANumber,
    /// 2.0 Exemplars: a timestamp, and labels as series have them.
    Exemplar,
    /// 2.0 Protobuf Message: a type that there is.
    MetadataType,
    /// Native histograms: counts fit their spans.
    HistogramShape,
    /// 1.0 Ordering, 2.0 Samples: ascending in time for each series, in a request and over all.
    OutOfOrder,
    /// 1.0 Ordering, 1.0 Out of Scope (Sharding): the earlier sample is answered before the later is sent.
    InFlight,
    /// 1.0 Ordering: a later sample does not overtake one that waits for its retry.
    Overtaken,
    /// 1.0 Retries & Backoff: what was taken is not sent again.
    Resent,
    /// 1.0 Retries & Backoff: what was refused for good is not sent again.
    RefusedResent,
    /// 1.0 Retries & Backoff: a retry has the same samples.
    ChangedOnRetry,
    /// 1.0 Stale Markers: one marker ends a series.
    MarkerTwice,
    /// 1.0 Stale Markers: what never was does not end.
    MarkerOfNothing,
}

/// A rule that was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Violation {
    pub(crate) rule: Rule,
    /// Which request, from 0.
    pub(crate) request: usize,
    /// What was found, and where.
    pub(crate) said: String,
}

/// What one request breaks, while it is looked at.
#[derive(Debug, Default)]
pub(crate) struct Found(pub(crate) Vec<(Rule, String)>);

impl Found {
    pub(crate) fn add(&mut self, rule: Rule, said: impl Into<String>) {
        self.0.push((rule, said.into()));
    }

    /// Says it where the condition does not hold.
    pub(crate) fn unless(&mut self, holds: bool, rule: Rule, said: impl FnOnce() -> String) {
        if !holds {
            self.add(rule, said());
        }
    }

    pub(crate) fn of(self, request: usize) -> Vec<Violation> {
        self.0.into_iter().map(|(rule, said)| Violation { rule, request, said }).collect()
    }
}

/// A line each, the first twenty.
pub(crate) fn told(violations: &[Violation]) -> String {
    let line = |found: &Violation| format!("\n  request {}: {:?}: {}", found.request, found.rule, found.said);
    let lines: String = violations.iter().take(20).map(line).collect();
    format!("{} violations{lines}", violations.len())
}
