//! Delimited messages read, within bounds.

use prost::Message;
use prost::encoding::decode_varint;
use thiserror::Error;

use super::model::MetricFamily;
use super::shape::{Tally, over};
use crate::limits::Limits;

/// Why bytes are no families that may be taken.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ProtobufError {
    /// They are no such messages.
    #[error("{0}")]
    Wire(String),
    /// A message or field is longer than what is there.
    #[error("expected {wanted} more bytes of a message, got {left}: the body is cut off")]
    Cut {
        /// Bytes that were announced.
        wanted: usize,
        /// Bytes that were there.
        left: usize,
    },
    /// More than is taken.
    #[error("{found} {what} are over the limit of {limit}")]
    Limit {
        /// Of what.
        what: &'static str,
        /// How much there is.
        found: usize,
        /// How much may be.
        limit: usize,
    },
}

/// Reads families, each behind its length as a varint; of those of one name the last one counts, as a
/// Pushgateway has it.
pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Vec<MetricFamily>, ProtobufError> {
    over("bytes", bytes.len(), limits.body)?;
    let (mut rest, mut tally) = (bytes, Tally::default());
    let mut families: Vec<MetricFamily> = Vec::new();
    let mut places = std::collections::HashMap::new();
    while !rest.is_empty() {
        let wanted = usize::try_from(decode_varint(&mut rest)?).unwrap_or(usize::MAX);
        let Some((message, after)) = rest.split_at_checked(wanted) else {
            return Err(ProtobufError::Cut { wanted, left: rest.len() });
        };
        rest = after;
        // An empty family would cost memory as well.
        over("families", families.len(), limits.samples)?;
        tally.add(message, limits)?;
        let family = MetricFamily::decode(message)?;
        sizes(&family, limits)?;
        let name = family.name.clone().unwrap_or_default();
        if let Some(place) = places.get(&name) {
            families[*place] = family;
        } else {
            places.insert(name, families.len());
            families.push(family);
        }
    }
    Ok(families)
}

/// Reads metrics and unit of a family as [`super::body`] wrote them; these are our own bytes, so nothing
/// is counted.
pub fn metrics(body: &[u8]) -> Result<MetricFamily, ProtobufError> {
    Ok(MetricFamily::decode(body)?)
}

fn sizes(family: &MetricFamily, limits: &Limits) -> Result<(), ProtobufError> {
    over("bytes of a metric name", family.name.as_ref().map_or(0, String::len), limits.name)?;
    for label in family.metric.iter().flat_map(|metric| &metric.label) {
        over("bytes of a label name", label.name().len(), limits.label_name)?;
        over("bytes of a label value", label.value().len(), limits.label_value)?;
    }
    Ok(())
}
