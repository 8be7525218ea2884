//! Prometheus exposition pages, as data.
//!
//! A page is its text plus an index: the bytes stay as they came, and spans say where families,
//! samples and values are. Everything here is pure: no clock, no socket, no task.
//!
//! - [`Page::parse`], [`Page::parse_openmetrics`], [`Page::parse_pushed`]: text in
//! - [`encode`], [`merge`]: text out; [`Page::rewrite`]: labels put on or taken off;
//!   [`Page::changed`]: series renamed or taken away one by one
//! - [`Form`], [`Filled`]: pages of one target that differ in values alone; [`Sheet`]: a page, however it is kept
//! - [`protobuf`]: delimited messages in and out
//! - [`PageBuilder`], [`registry`]: pages of our own
//! - [`GroupingKey`]: the identity of a Pushgateway group, to and from its URL
//! - [`remote_write`]: samples of many pages as one record, and the bodies that are made of it
//!
//! ```
//! use exposition::{Limits, Page};
//!
//! let page = Page::parse("# TYPE up gauge\nup{job=\"api\"} 1\n", &Limits::default())?;
//! let sample = page.samples().next().ok_or("no sample")?;
//! assert_eq!((sample.name(), sample.value()), ("up", 1.0));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod builder;
mod change;
mod created;
mod ending;
mod error;
mod filled;
mod form;
mod front;
mod group;
mod kind;
mod labels;
mod limits;
mod page;
mod parse;
mod rewrite;
mod sheet;
mod spelling;

pub mod encode;
pub mod merge;
pub mod name;
pub mod protobuf;
pub mod registry;
pub mod remote_write;

pub use builder::PageBuilder;
pub use change::{Fate, Series};
pub use error::{Found, ParseError, Reason, TooLarge};
pub use filled::Filled;
pub use form::Form;
pub use group::{GroupingKey, KeyError};
pub use kind::Kind;
pub use labels::{Label, Labels};
pub use limits::Limits;
pub use page::{Created, Exemplar, Family, Page, Sample, Samples};
pub use parse::value;
pub use rewrite::{Clash, Rewrite};
pub use sheet::Sheet;
