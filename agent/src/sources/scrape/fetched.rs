//! The page in an answer, in whichever format it came.

use bytes::Bytes;
use exposition::protobuf::{self, MetricFamily, Natives};
use exposition::{Limits, Page};

use super::content::Content;

/// Parts of messages for each sample: buckets and exemplars are parts, and no samples.
const PARTS: usize = 4;
/// So many times the bytes of messages their text may have: each sample has its labels again there.
const TEXT: usize = 4;

/// An answer that may be a page.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) content: Content,
    /// Once unpacked.
    pub(super) body: Bytes,
}

impl Answer {
    /// The text, where it is one of 0.0.4.
    pub(super) fn text(&self) -> Option<&[u8]> {
        matches!(self.content, Content::Text | Content::Unknown).then_some(&*self.body)
    }
}

/// A page as it was answered.
#[derive(Debug)]
pub(super) struct Fetched {
    pub(super) page: Page,
    /// Native histograms, where they are wanted.
    pub(super) natives: Option<Natives>,
}

/// Why an answer is no page: a reason, and words for people.
type Broken = (&'static str, String);

/// Reads the body of an answer.
pub(super) fn read(
    content: &Content,
    body: Bytes,
    limits: &Limits,
    wants_natives: bool,
) -> Result<Fetched, Broken> {
    let parsed = match content {
        Content::Protobuf => return messages(&body, limits, wants_natives),
        Content::OpenMetrics => Page::parse_openmetrics(body, limits),
        _ => Page::parse(body, limits),
    };
    let page = parsed.map_err(|error| {
        let reason = if error.reason.limit().is_some() { "page_limit" } else { "syntax" };
        (reason, error.to_string())
    })?;
    Ok(Fetched { page, natives: None })
}

fn messages(body: &[u8], limits: &Limits, wants_natives: bool) -> Result<Fetched, Broken> {
    let most = Limits { samples: limits.samples.saturating_mul(PARTS), ..*limits };
    let mut families = protobuf::decode(body, &most).map_err(|error| match error {
        protobuf::ProtobufError::Limit { .. } => ("page_limit", format!("protobuf: {error}")),
        error => ("syntax", format!("protobuf: {error}")),
    })?;
    for family in &mut families {
        if !wants_natives {
            classic(family);
        }
        protobuf::mend(family).map_err(|error| ("syntax", format!("protobuf: {error}")))?;
    }
    let most = limits.body.saturating_mul(TEXT);
    let long = |error: exposition::TooLarge| ("page_limit", format!("as text: {error}"));
    let page = protobuf::scraped(&families, most).map_err(long)?;
    let natives = wants_natives.then(|| protobuf::natives(&families, most)).transpose().map_err(long)?;
    // A native histogram is one sample, however many buckets it has.
    let found = page.sample_count() + natives.as_ref().map_or(0, Natives::len);
    if found > limits.samples {
        let limit = limits.samples;
        return Err(("page_limit", format!("samples of {found} is over the limit of {limit}")));
    }
    Ok(Fetched { page, natives })
}

/// Takes off native parts that nobody asked for: what is wrong with them is no matter then, either.
fn classic(family: &mut MetricFamily) {
    for it in family.metric.iter_mut().filter_map(|metric| metric.histogram.as_deref_mut()) {
        *it = protobuf::model::Histogram {
            sample_count: it.sample_count,
            sample_count_float: it.sample_count_float,
            sample_sum: it.sample_sum,
            bucket: std::mem::take(&mut it.bucket),
            created_timestamp: it.created_timestamp,
            ..protobuf::model::Histogram::default()
        };
    }
}

#[cfg(test)]
mod tests {
    use exposition::protobuf::encode;
    use exposition::protobuf::model::{BucketSpan, Histogram, Metric, MetricType};

    use super::*;

    /// So many metrics, each with a native histogram of two buckets.
    fn body(metrics: usize, change: impl Fn(&mut Histogram)) -> Bytes {
        let mut it = Histogram {
            sample_count: Some(3),
            sample_sum: Some(1.0),
            schema: Some(0),
            positive_span: vec![BucketSpan { offset: Some(0), length: Some(2) }],
            positive_delta: vec![1, 1],
            ..Histogram::default()
        };
        change(&mut it);
        let family = MetricFamily {
            name: Some("h".to_owned()),
            r#type: Some(MetricType::Histogram as i32),
            metric: vec![Metric { histogram: Some(Box::new(it)), ..Metric::default() }; metrics],
            ..MetricFamily::default()
        };
        let mut out = Vec::new();
        encode(&family, &mut out);
        out.into()
    }

    fn said(body: Bytes, limits: &Limits, wants_natives: bool) -> String {
        read(&Content::Protobuf, body, limits, wants_natives)
            .map_or_else(|(reason, message)| format!("{reason}: {message}"), |_| "read".to_owned())
    }

    #[test]
    fn messages_are_refused_for_what_is_wrong_with_what_is_asked_of_them() {
        let broken = |it: &mut Histogram| it.positive_delta.truncate(1);
        let limits = Limits { samples: 8, ..Limits::default() };
        let cut = body(1, |_| {});
        for (body, wants, part) in [
            (body(1, |_| {}), true, "read"),
            (body(1, broken), true, "syntax: protobuf: native histogram `h`: positive spans need 2 buckets"),
            (body(1, broken), false, "read"),
            // Each has three lines of text, and is one native histogram.
            (body(2, |_| {}), true, "read"),
            (body(3, |_| {}), true, "page_limit: samples of 12 is over the limit of 8"),
            (body(9, |_| {}), false, "page_limit: protobuf: 33 samples are over the limit of 32"),
            (cut.slice(..cut.len() - 1), true, "syntax: protobuf: expected"),
            (Bytes::from_static(b"# TYPE a counter\na 1\n"), true, "syntax: protobuf"),
        ] {
            let said = said(body, &limits, wants);
            assert!(said.starts_with(part), "{part}\nin\n{said}");
        }
        assert!(said(body(1, |_| {}), &Limits { body: 5, ..limits }, true).starts_with("page_limit"));
    }
}
