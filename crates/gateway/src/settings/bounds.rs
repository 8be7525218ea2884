//! What may come and what may be held, beside the bounds of a body: everything has one.

use std::time::Duration;

use clap::Args;
use service::config::ByteSize;

use super::{lifetime, some, some_bytes};

/// Flags of bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Args)]
pub struct Bounds {
    /// Series of one group, however many pushes made them; more get 413.
    #[arg(long = "limit.group-series", value_name = "N", default_value_t = 200_000, value_parser = some)]
    pub group_series: usize,
    /// Bytes of the text of all series and help held; a push that would make more gets 429.
    #[arg(long = "limit.stored-bytes", value_name = "BYTES", default_value = "1GiB", value_parser = some_bytes)]
    pub stored_bytes: ByteSize,
    /// Bytes of changes that wait for the disk of --persistence.file; pushes wait while there are more.
    #[arg(long = "limit.queued-bytes", value_name = "BYTES", default_value = "64MiB", value_parser = some_bytes)]
    pub queued_bytes: ByteSize,
    /// How long a push waits for that disk; then it is 202, for it is served, but not safe.
    #[arg(long = "limit.disk-time", value_name = "DURATION", default_value = "10s", value_parser = lifetime)]
    pub disk_time: Duration,
    /// Bytes of a metric name; a longer one gets 413.
    #[arg(long = "limit.metric-name", value_name = "BYTES", default_value = "4KiB")]
    pub metric_name: ByteSize,
    /// Bytes of a help text; a longer one gets 413.
    #[arg(long = "limit.help", value_name = "BYTES", default_value = "4KiB")]
    pub help_text: ByteSize,
    /// Bytes of a label name; a longer one gets 413.
    #[arg(long = "limit.label-name", value_name = "BYTES", default_value = "4KiB")]
    pub label_name: ByteSize,
    /// Bytes of a label value as written; a longer one gets 413.
    #[arg(long = "limit.label-value", value_name = "BYTES", default_value = "64KiB")]
    pub label_value: ByteSize,
    /// Time for a TLS handshake, and for the head of a request; a slower client is closed.
    #[arg(long = "limit.header-time", value_name = "DURATION", default_value = "10s", value_parser = lifetime)]
    pub header_time: Duration,
    /// How long a connection may stay between two requests.
    #[arg(long = "limit.idle-time", value_name = "DURATION", default_value = "2m", value_parser = lifetime)]
    pub idle_time: Duration,
    /// How long a client may take nothing of an answer; a slower one is closed.
    #[arg(long = "limit.write-time", value_name = "DURATION", default_value = "30s", value_parser = lifetime)]
    pub write_time: Duration,
}
