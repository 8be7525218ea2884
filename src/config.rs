//! Settings of the API: `--config FILE`, then `PUSHPULL_API__SECTION__KEY`, then flags.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use service::config::{ByteSize, Loaded, Mistakes, duration};
use service::logs::LogSettings;
use service::server::{MAX_CONNECTIONS, ServerSettings, TlsSettings};

/// All settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Where to listen. Port 0 takes a free port and prints it.
    pub listen: SocketAddr,
    /// The simulated work of `/`.
    pub work: Work,
    /// Who is turned away.
    pub limits: LimitSettings,
    /// How stopping goes.
    pub shutdown: Shutdown,
    /// What a measurement needs of the API.
    pub truth: Truth,
    /// Logging.
    pub log: LogSettings,
    /// Certificate and key, to serve HTTPS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsSettings>,
}

/// Simulated work: a sleep, uniform between two bounds, as the article's `random.uniform(0.1, 0.5)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Work {
    /// The shortest.
    #[serde(with = "duration")]
    pub min: Duration,
    /// The longest.
    #[serde(with = "duration")]
    pub max: Duration,
}

/// Bounds. `/metrics` and `/-/…` are never turned away for load: a scrape matters most under overload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitSettings {
    /// Connections at once.
    pub max_connections: usize,
    /// Requests being worked on at once; one more gets 503.
    pub max_in_flight: usize,
    /// Bytes of a request body; a larger one gets 413.
    pub max_body: ByteSize,
    /// Time for the head of a request, from its first byte on.
    #[serde(with = "duration")]
    pub header_timeout: Duration,
    /// Time for the body of a request; a slower one gets 408.
    #[serde(with = "duration")]
    pub body_timeout: Duration,
    /// How long a connection may stay between requests; longer than any client's interval.
    #[serde(with = "duration")]
    pub idle_timeout: Duration,
    /// Requests a second that are let in; 0 lets all in. The rest get 429.
    pub requests_per_second: u32,
    /// How many may come at once under that rate; 0 means one second's worth.
    pub burst: u32,
}

/// Stopping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Shutdown {
    /// Time that requests under way get.
    #[serde(with = "duration")]
    pub grace: Duration,
    /// How long `/metrics` is still served before that, while `/` is refused with 503: one scrape
    /// interval, and the last values are seen.
    #[serde(with = "duration")]
    pub linger: Duration,
}

/// Ground truth, to measure what monitoring loses.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Truth {
    /// Each event of `/` is appended to it before its answer: Unix time in nanoseconds, 8 bytes, little endian.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8000)),
            work: Work::default(),
            limits: LimitSettings::default(),
            shutdown: Shutdown::default(),
            truth: Truth::default(),
            log: LogSettings::default(),
            tls: None,
        }
    }
}

impl Default for Work {
    fn default() -> Self {
        Self { min: Duration::from_millis(100), max: Duration::from_millis(500) }
    }
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self {
            max_connections: 10_000,
            max_in_flight: 10_000,
            max_body: ByteSize(64 << 10),
            header_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_mins(2),
            requests_per_second: 0,
            burst: 0,
        }
    }
}

impl Default for Shutdown {
    fn default() -> Self {
        Self { grace: Duration::from_secs(10), linger: Duration::ZERO }
    }
}

impl Settings {
    /// The bounds of the accept loop.
    pub fn server(&self) -> ServerSettings {
        ServerSettings {
            max_connections: self.limits.max_connections,
            header_timeout: self.limits.header_timeout,
            idle_timeout: self.limits.idle_timeout,
            grace: self.shutdown.grace,
            tls: self.tls.clone(),
            ..ServerSettings::default()
        }
    }
}

/// What no single value shows to be wrong.
pub fn check(loaded: &Loaded<Settings>) -> Result<(), Mistakes> {
    let Loaded { settings, places } = loaded;
    let mut mistakes = Mistakes::default();
    let Work { min, max } = settings.work;
    if min > max {
        let message = format!("{min:?} is longer than work.max ({max:?}, {})", places.of("work.max"));
        mistakes.add(&places.of("work.min"), "work.min", message);
    }
    for (key, value) in [
        ("limits.max_connections", settings.limits.max_connections),
        ("limits.max_in_flight", settings.limits.max_in_flight),
    ] {
        if !(1..=MAX_CONNECTIONS).contains(&value) {
            let message = format!("expected a number from 1 to {MAX_CONNECTIONS}, got {value}");
            mistakes.add(&places.of(key), key, message);
        }
    }
    if let Some(tls) = &settings.tls
        && let Err(error) = tls.check()
    {
        let key = format!("tls.{}", error.setting(tls));
        mistakes.add(&places.of(&key), &key, error.to_string());
    }
    mistakes.into_result()
}
