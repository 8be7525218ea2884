//! Our API as a child of the lab: the released one has no switch that takes its instruments out.

use std::net::SocketAddr;
use std::time::Duration;

use api::config::{Settings, Work};
use clap::{Args, ValueEnum};
use service::server;
use tokio_util::sync::CancellationToken;

/// What the lab tells its child.
#[derive(Debug, Clone, Args)]
pub struct Arguments {
    /// Where to listen.
    #[arg(long)]
    listen: SocketAddr,
    /// All that the released API has, with what it collects each second; or none.
    #[arg(long, value_enum)]
    instruments: Switch,
    /// The article's 100 to 500 ms, or none.
    #[arg(long, value_enum)]
    work: Switch,
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// With it.
    On,
    /// Without it.
    Off,
}

impl Switch {
    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Off => "off",
        }
    }
}

/// Serves until `stop`, on the thread that calls: how work spreads over threads is no part of the difference.
///
/// # Errors
///
/// Where the address cannot be listened on.
pub async fn command(arguments: &Arguments, stop: CancellationToken) -> anyhow::Result<()> {
    let work = match arguments.work {
        Switch::On => Work::default(),
        Switch::Off => Work { min: Duration::ZERO, max: Duration::ZERO },
    };
    let settings = Settings { listen: arguments.listen, work, ..Settings::default() };
    let listener = server::bind(settings.listen, "").await?;
    match arguments.instruments {
        Switch::On => api::run(listener, &settings, stop).await?,
        Switch::Off => api::run_bare(listener, &settings, stop).await?,
    };
    Ok(())
}
