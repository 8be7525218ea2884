//! Logs go to standard error, as text for people or as JSON for machines.

use std::io::IsTerminal;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use thiserror::Error;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Identity, Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Registry};

/// How much is logged, and in which form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogSettings {
    /// A level (`info`) or `tracing` directives (`info,agent=debug`).
    #[serde(deserialize_with = "level")]
    pub level: String,
    /// Text or JSON.
    pub format: LogFormat,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self { level: "info".to_owned(), format: LogFormat::Text }
    }
}

/// The form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One readable line, coloured on a terminal.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Why logging could not begin.
#[derive(Debug, Error)]
pub enum LogError {
    /// The level is none.
    #[error("log.level: {0}")]
    Level(String),
    /// Somebody began already.
    #[error("logging was set up twice")]
    Twice,
}

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// Takes a level or directives, and nothing else.
///
/// `tracing` itself takes any word for the name of a module whose every line is wanted, so that
/// a misspelt level would silence all the rest.
pub fn directives(text: &str) -> Result<String, String> {
    let wrong = |hint: &str| {
        format!(
            "expected a level such as \"info\" or directives such as \"info,agent=debug\", got \"{text}\"{hint}"
        )
    };
    for directive in text.split(',') {
        let level = directive.rsplit_once('=').map_or(directive, |(_, level)| level).trim();
        if LEVELS.iter().any(|known| level.eq_ignore_ascii_case(known)) {
            continue;
        }
        let near = crate::config::nearest(level, LEVELS);
        return Err(wrong(&near.map_or_else(String::new, |near| format!(": did you mean \"{near}\"?"))));
    }
    EnvFilter::builder().parse(text).map_err(|_| wrong(""))?;
    Ok(text.to_owned())
}

fn level<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    directives(&String::deserialize(deserializer)?).map_err(D::Error::custom)
}

/// Begins logging for the whole process.
pub fn init(settings: &LogSettings) -> Result<(), LogError> {
    init_with(settings, Identity::new())
}

/// The same, and `other` hears of everything at `info` and above, whatever the log's own level is.
pub fn init_with(settings: &LogSettings, other: impl Layer<Registry> + Send + Sync) -> Result<(), LogError> {
    let level = directives(&settings.level).map_err(LogError::Level)?;
    let filter = EnvFilter::builder().parse(level).map_err(|error| LogError::Level(error.to_string()))?;
    let registry = tracing_subscriber::registry().with(other.with_filter(LevelFilter::INFO));
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false);
    match settings.format {
        // Escapes belong on a terminal only, never in a file.
        LogFormat::Text => {
            let layer = layer.with_ansi(std::io::stderr().is_terminal());
            registry.with(layer.with_filter(filter)).try_init()
        }
        LogFormat::Json => registry.with(layer.json().flatten_event(true).with_filter(filter)).try_init(),
    }
    .map_err(|_| LogError::Twice)
}
