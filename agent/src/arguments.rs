//! The command line, and the settings that it leads to.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

use agent::config::{self, Settings};
use agent::identity::Identity;
use agent::reap;
use clap::{Parser, Subcommand};
use service::config::{Layers, Loaded, Mistakes};

/// Scrapes pages, reads the host, pushes both to gateways, and answers pulls.
///
/// Settings come from defaults, then --config, then the environment
/// (`PUSHPULL_AGENT__SECTION__KEY`, as in `PUSHPULL_AGENT__IDENTITY__JOB=api`), then flags.
#[derive(Debug, Parser)]
#[command(name = "pushpull-agent", version)]
pub(crate) struct Arguments {
    /// TOML file with settings.
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// How often sources are read and gateways pushed to, such as 15s.
    #[arg(long, value_name = "DURATION", global = true)]
    interval: Option<String>,
    /// Where the pull fallback listens; port 0 takes a free one and prints it.
    #[arg(long, value_name = "ADDRESS", global = true)]
    listen: Option<SocketAddr>,
    /// TLS and users of the listener: a file as of Prometheus' --web.config.file.
    #[arg(long, value_name = "FILE", global = true)]
    web_config: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print the effective settings, with where each comes from, and exit.
    Check {
        /// Read every source and ask every gateway, too, without pushing; exit with 1 where something fails.
        #[arg(long)]
        live: bool,
    },
    /// Say what is wrong with a running agent, its settings and its machine, and what to do. Pushes nothing.
    ///
    /// One line a check: ok, warn or fail, what was looked at, what was seen, what to do. Ends with 1 where
    /// something fails.
    Doctor,
    /// Run an app as a child: its last values are pushed after its end, and its exit code is passed through.
    ///
    /// Signals are passed on. The app is looked at every 250 ms, once more before a signal reaches it, and
    /// every 2 ms from then on. Ends with the app's own exit code, 128 and the signal's number where one
    /// ended it, 127 where the command is not found.
    Exec {
        /// The command, after `--`.
        #[arg(required = true, trailing_var_arg = true, value_name = "COMMAND")]
        command: Vec<OsString>,
    },
    /// Read every source once, push, and exit: for cron and batch jobs. The groups live for their ttl.
    Once,
    /// Delete groups of the gateways of push that were not pushed for longer than they are to live.
    ///
    /// Only says which, unless --yes is given. The age is looked at again right before a group is deleted; a
    /// push that arrives between that look and the deletion is lost until the next one. Ends with 0 where
    /// all gateways could be asked and all was deleted, else with 1.
    Reap(#[command(flatten)] reap::Arguments),
    /// Ask the running agent whether it is healthy, and exit: 0 if it is. For container health checks.
    Health,
}

/// Reads the settings from everywhere, with all mistakes at once.
pub(crate) fn load(arguments: &Arguments) -> Result<(Loaded<Settings>, Identity), Mistakes> {
    let web_config = arguments.web_config.as_ref().map(|file| file.display());
    let layers = Layers::new("PUSHPULL_AGENT", arguments.config.clone())
        .flag("--interval", "interval", arguments.interval.as_ref())
        .flag("--listen", "pull.listen", arguments.listen)
        .flag("--web-config", "pull.web_config_file", web_config);
    let (mut loaded, identity) = service::config::load_checked(&layers, config::check)?;
    loaded.settings.without_unmeant(&loaded.places);
    loaded.settings.fill_in();
    Ok((loaded, identity))
}
