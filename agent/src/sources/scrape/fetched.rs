//! The page in an answer, in whichever format it came.

use bytes::Bytes;
use exposition::{Limits, Page, protobuf};

use super::content::Content;

/// Parts of messages for each sample: buckets and exemplars are parts, and no samples.
const PARTS: usize = 4;
/// So many times the bytes of messages their text may have: each sample has its labels again there.
const TEXT: usize = 4;

/// A page as it was answered.
#[derive(Debug)]
pub(super) struct Fetched {
    pub(super) page: Page,
    /// Once unpacked.
    pub(super) bytes: usize,
}

/// Why an answer is no page: a reason, and words for people.
type Broken = (&'static str, String);

/// Reads the body of an answer.
pub(super) fn read(content: &Content, body: Bytes, limits: &Limits) -> Result<Fetched, Broken> {
    let bytes = body.len();
    let parsed = match content {
        Content::Protobuf => return messages(&body, limits),
        Content::OpenMetrics => Page::parse_openmetrics(body, limits),
        _ => Page::parse(body, limits),
    };
    let page = parsed.map_err(|error| {
        let reason = if error.reason.limit().is_some() { "page_limit" } else { "syntax" };
        (reason, error.to_string())
    })?;
    Ok(Fetched { page, bytes })
}

fn messages(body: &[u8], limits: &Limits) -> Result<Fetched, Broken> {
    let most = Limits { samples: limits.samples.saturating_mul(PARTS), ..*limits };
    let mut families = protobuf::decode(body, &most).map_err(|error| match error {
        protobuf::ProtobufError::Limit { .. } => ("page_limit", format!("protobuf: {error}")),
        error => ("syntax", format!("protobuf: {error}")),
    })?;
    for family in &mut families {
        protobuf::mend(family).map_err(|error| ("syntax", format!("protobuf: {error}")))?;
    }
    let page = protobuf::scraped(&families, limits.body.saturating_mul(TEXT))
        .map_err(|error| ("page_limit", format!("as text: {error}")))?;
    if page.sample_count() > limits.samples {
        let (found, limit) = (page.sample_count(), limits.samples);
        return Err(("page_limit", format!("samples of {found} is over the limit of {limit}")));
    }
    Ok(Fetched { page, bytes: body.len() })
}
