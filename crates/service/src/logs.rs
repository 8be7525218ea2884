//! Logs go to standard error, as text for people or as JSON for machines.

use std::io::IsTerminal;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// How much is logged, and in which form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogSettings {
    /// A level (`info`) or `tracing` directives (`info,agent=debug`).
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
    #[error(
        "log.level: expected a level such as \"info\" or directives such as \"info,agent=debug\", got \"{0}\""
    )]
    Level(String),
    /// Somebody began already.
    #[error("logging was set up twice")]
    Twice,
}

/// Begins logging for the whole process.
pub fn init(settings: &LogSettings) -> Result<(), LogError> {
    let filter =
        EnvFilter::builder().parse(&settings.level).map_err(|_| LogError::Level(settings.level.clone()))?;
    let registry = tracing_subscriber::registry().with(filter);
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false);
    match settings.format {
        // Escapes belong on a terminal only, never in a file.
        LogFormat::Text => registry.with(layer.with_ansi(std::io::stderr().is_terminal())).try_init(),
        LogFormat::Json => registry.with(layer.json().flatten_event(true)).try_init(),
    }
    .map_err(|_| LogError::Twice)
}
