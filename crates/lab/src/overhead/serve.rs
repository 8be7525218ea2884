//! Our API with instruments or without, as a process whose CPU time is its own. Hidden: the lab starts itself.
//!
//! The released binary has no switch for its instruments: nobody should run it without them.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use api::config::{Settings, Work};
use clap::Args;
use service::server;
use tokio_util::sync::CancellationToken;

use crate::programs::Program;

/// What it is started with.
#[derive(Debug, Clone, Args)]
pub struct Arguments {
    /// On the loopback.
    #[arg(long)]
    port: u16,
    /// Without any instruments.
    #[arg(long)]
    bare: bool,
    /// The simulated work's bounds, in milliseconds.
    #[arg(long, num_args = 2, default_values_t = [0, 0])]
    work: Vec<u64>,
}

/// Serves until `stop`, on one thread, so that a figure is that of one core.
///
/// # Errors
///
/// Where the port is taken, or serving fails.
pub async fn command(arguments: &Arguments, stop: CancellationToken) -> anyhow::Result<ExitCode> {
    let bound = |place: usize| Duration::from_millis(arguments.work.get(place).copied().unwrap_or(0));
    let settings = Settings {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, arguments.port)),
        work: Work { min: bound(0), max: bound(1) },
        ..Settings::default()
    };
    let listener = server::bind(settings.listen, "the lab takes free ports: try again").await?;
    if arguments.bare {
        api::run_bare(listener, &settings, stop).await?;
    } else {
        api::run(listener, &settings, stop).await?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What starts it; `work` are the bounds of the simulated work in milliseconds.
///
/// # Errors
///
/// Where the lab's own file is not known.
pub fn program(port: u16, bare: bool, work: [u64; 2]) -> anyhow::Result<Program> {
    let lab = std::env::current_exe().context("cannot find the lab's own binary")?;
    let [port, least, most] = [u64::from(port), work[0], work[1]].map(|number| number.to_string());
    let mut arguments = vec!["serve-api", "--port", &port, "--work", &least, &most];
    arguments.extend(bare.then_some("--bare"));
    Ok(Program::new(&lab, arguments))
}
