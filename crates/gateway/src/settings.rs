//! What the command line sets: the real Pushgateway's flags where they mean the same, and ours.

mod address;
mod bounds;
mod kingpin;
mod web;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Parser, ValueEnum};
use service::config::ByteSize;
use service::logs::{LogFormat, LogSettings, directives};
use service::server::{MAX_CONNECTIONS, ServerSettings};

pub use self::bounds::Bounds;
pub use self::web::WebFlags;
use crate::persistence::{Fsync, Options, check_path};
use crate::policy::Life;

/// A Pushgateway-compatible gateway whose groups expire.
///
/// Flags are the Pushgateway's own where they mean the same. A group lives for the `?ttl=` of its
/// last good push, or for --ttl.default.
#[derive(Debug, Clone, Parser)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[command(name = "pushpull-gateway", version)]
pub struct Settings {
    /// Address to listen on, again for more; without a host on all; port 0 takes a free one and prints it.
    #[arg(long = "web.listen-address", value_name = "ADDRESS", default_value = ":9091", value_parser = address::read)]
    pub listen: Vec<SocketAddr>,
    /// Path under which metrics are exposed. Pushes stay under /metrics.
    #[arg(long = "web.telemetry-path", value_name = "PATH", default_value = "/metrics", value_parser = web::telemetry_path)]
    pub telemetry_path: String,
    /// File of lifetimes, origins and sums by job (TOML); SIGHUP reads it again.
    #[arg(long = "config.file", value_name = "PATH")]
    pub config_file: Option<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs, reason = "a doc comment here would be the program's own in --help")]
    pub web: WebFlags,
    /// Answer scrapes in OpenMetrics where they prefer it to text, as Prometheus does. Without this only
    /// scrapes that take no text get it: series and types are then those that a Pushgateway shows.
    #[arg(long = "web.openmetrics")]
    pub openmetrics: bool,
    /// Let PUT and POST /-/quit end the gateway, and POST /-/reload read --config.file again.
    #[arg(long = "web.enable-lifecycle")]
    pub lifecycle: bool,
    /// Let PUT /api/v1/admin/wipe delete all groups.
    #[arg(long = "web.enable-admin-api")]
    pub admin_api: bool,
    /// Life of a group whose last good push named none, nor a rule of --config.file; groups live on without it.
    #[arg(long = "ttl.default", value_name = "DURATION")]
    pub default_ttl: Option<Life>,
    /// Life of a group that only failed pushes made.
    #[arg(long = "ttl.failed", value_name = "DURATION", default_value = "1h", value_parser = lifetime)]
    pub failed_ttl: Duration,
    /// Bytes of a pushed body as sent; a larger one gets 413.
    #[arg(long = "limit.body", value_name = "BYTES", default_value = "16MiB", value_parser = some_bytes)]
    pub max_body: ByteSize,
    /// Bytes of a pushed body once unpacked; a larger one gets 413.
    #[arg(long = "limit.unpacked-body", value_name = "BYTES", default_value = "64MiB", value_parser = some_bytes)]
    pub max_unpacked: ByteSize,
    /// Time for a pushed body; a slower one gets 408.
    #[arg(long = "limit.body-time", value_name = "DURATION", default_value = "1m", value_parser = lifetime)]
    pub body_time: Duration,
    /// Series of one push; more get 413.
    #[arg(long = "limit.push-series", value_name = "N", default_value_t = 200_000, value_parser = some)]
    pub max_series: usize,
    /// Labels of one series of a push; more get 413.
    #[arg(long = "limit.series-labels", value_name = "N", default_value_t = 64)]
    pub max_series_labels: usize,
    /// Bytes of the names and values in a push URL, which each series gets; more get 413.
    #[arg(long = "limit.key-bytes", value_name = "BYTES", default_value = "4KiB", value_parser = some_bytes)]
    pub max_key_bytes: ByteSize,
    /// Labels besides the job in a push URL; more get 413.
    #[arg(long = "limit.key-labels", value_name = "N", default_value_t = 64)]
    pub max_key_labels: usize,
    /// Bytes of all bodies that are being received, and of all pages that are being sent; more get 503.
    #[arg(long = "limit.bytes-in-flight", value_name = "BYTES", default_value = "256MiB", value_parser = some_bytes)]
    pub max_in_flight: ByteSize,
    /// Groups held; a push that would make one more gets 429.
    #[arg(long = "limit.groups", value_name = "N", default_value_t = 100_000, value_parser = some)]
    pub max_groups: usize,
    /// Connections at once.
    #[arg(long = "limit.connections", value_name = "N", default_value_t = 10_000, value_parser = connections)]
    pub max_connections: usize,
    #[command(flatten)]
    #[allow(missing_docs, reason = "a doc comment here would be the program's own in --help")]
    pub bounds: Bounds,
    /// Accepted for those who set it, and without effect: a check here costs the same whatever is stored.
    #[arg(long = "push.disable-consistency-check")]
    pub unchecked: bool,
    /// Refused by name: the names that it lets in are refused as well.
    #[arg(long = "push.enable-utf8-names", hide = true)]
    pub utf8_names: bool,
    /// File that keeps the groups over restarts; without it they are in memory alone. Logs of what changed
    /// since are beside it, with names that begin with its own.
    #[arg(long = "persistence.file", value_name = "PATH", value_parser = persistence_file)]
    pub persistence_file: Option<PathBuf>,
    /// When a push must be safe from a loss of power: before its answer, within --persistence.interval, or
    /// when the system sees fit. With the last two, a crash of the gateway alone may cost 10 ms.
    #[arg(long = "persistence.fsync", value_name = "WHEN", default_value = "always")]
    pub persistence_fsync: Fsync,
    /// The longest time between two fsyncs with --persistence.fsync=interval.
    #[arg(long = "persistence.interval", value_name = "DURATION", default_value = "1s", value_parser = lifetime)]
    pub persistence_interval: Duration,
    /// Ask the running gateway whether it is healthy, and exit: 0 if it is. For container health checks.
    #[arg(long)]
    pub health: bool,
    /// Least severe level to log.
    #[arg(long = "log.level", value_name = "LEVEL", default_value = "info", value_parser = directives)]
    pub log_level: String,
    /// Form of the log.
    #[arg(long = "log.format", value_name = "FORMAT", default_value = "logfmt")]
    pub log_format: Format,
    /// All flags as text, for `/api/v1/status`.
    #[arg(skip)]
    pub flags: BTreeMap<String, String>,
}

/// Forms of the log, as the Pushgateway names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Readable lines.
    Logfmt,
    /// One JSON object a line.
    Json,
}

impl Settings {
    /// The bounds of the accept loop.
    pub fn server(&self) -> ServerSettings {
        // A push is stored whether or not its client waits; some close their side once it is sent.
        ServerSettings {
            max_connections: self.max_connections,
            half_close: true,
            header_timeout: self.bounds.header_time,
            idle_timeout: self.bounds.idle_time,
            write_timeout: self.bounds.write_time,
            web: self.web.opened.clone(),
            ..ServerSettings::default()
        }
    }

    /// How groups are kept, where they are.
    pub fn persistence(&self) -> Option<Options> {
        let path = self.persistence_file.clone().filter(|path| !path.as_os_str().is_empty())?;
        Some(Options {
            most_queued: self.bounds.queued_bytes.0,
            patience: self.bounds.disk_time,
            ..Options::new(path, self.persistence_fsync, self.persistence_interval)
        })
    }

    /// How to log.
    pub fn log(&self) -> LogSettings {
        let format = if self.log_format == Format::Json { LogFormat::Json } else { LogFormat::Text };
        LogSettings { level: self.log_level.clone(), format }
    }
}

/// Reads a lifetime: `60s`, `1m30s`, or plain seconds.
pub fn lifetime(text: &str) -> Result<Duration, String> {
    let wrong = || format!("expected a duration such as 60s or 1m30s, longer than 0, got `{text}`");
    // A century is beyond any clock arithmetic that could overflow.
    duration(text).filter(|life| !life.is_zero() && life.as_secs() < 3_153_600_000).ok_or_else(wrong)
}

/// Reads `60s`, `1m30s`, or plain seconds.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    match text.parse::<f64>() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).ok(),
        Err(_) => humantime::parse_duration(text).ok(),
    }
}

/// An empty path is none, as it is for the real one.
fn persistence_file(text: &str) -> Result<PathBuf, String> {
    let path = Path::new(text);
    if text.is_empty() { Ok(path.to_owned()) } else { check_path(path).map(|()| path.to_owned()) }
}

fn connections(text: &str) -> Result<usize, String> {
    let wrong = || format!("expected a number from 1 to {MAX_CONNECTIONS}, got `{text}`");
    text.parse().ok().filter(|number| (1..=MAX_CONNECTIONS).contains(number)).ok_or_else(wrong)
}

/// Where none may be, nothing could ever be pushed.
pub(crate) fn some(text: &str) -> Result<usize, String> {
    let wrong = || format!("expected a number of at least 1, got `{text}`");
    text.parse().ok().filter(|number| *number > 0).ok_or_else(wrong)
}

/// The same of bytes.
pub(crate) fn some_bytes(text: &str) -> Result<ByteSize, String> {
    let bytes: ByteSize = text.parse()?;
    if bytes.0 > 0 { Ok(bytes) } else { Err(format!("expected at least 1 byte, got `{text}`")) }
}
