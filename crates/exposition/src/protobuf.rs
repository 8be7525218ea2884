//! Delimited protobuf (`io.prometheus.client.MetricFamily`), and what it can say beyond text 0.0.4:
//! native histograms, exemplars, when a series began.
//!
//! - [`decode`], [`encode`]: messages, each behind its length
//! - [`page`]: families as a page of text; [`scraped`]: the same with what text cannot say beside it;
//!   [`families`]: a page as families
//! - [`natives`]: native histograms of a scrape, for remote write
//! - [`openmetrics`]: families as OpenMetrics 1.0
//! - [`mend`], [`native`]: what no reader of a scrape could take is found before it is stored

mod brief;
mod checks;
mod from_page;
pub mod model;
pub mod native;
mod natives;
mod openmetrics;
mod read;
mod shape;
mod to_page;
mod write;

pub use brief::is_brief;
pub use checks::mend;
pub use from_page::families;
pub use model::MetricFamily;
pub use natives::{Native, NativeExemplar, Natives, natives};
pub use openmetrics::openmetrics;
pub use read::{ProtobufError, decode, metrics};
pub use to_page::{page, scraped};
pub use write::{body, encode};

/// Content type of delimited messages.
pub const CONTENT_TYPE: &str =
    "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";
