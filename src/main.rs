//! `pushpull-api`: reads the settings, binds, serves until a signal.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use api::config::{self, Settings};
use clap::Parser;
use service::config::{Layers, Loaded, Mistakes};
use service::stop::{self, Drained};
use service::{crypto, health, logs, server};

/// The article's instrumented API, with pull-mode /metrics.
///
/// Settings come from defaults, then --config, then the environment
/// (`PUSHPULL_API__SECTION__KEY`, as in `PUSHPULL_API__WORK__MAX=50ms`), then flags.
#[derive(Debug, Parser)]
#[command(name = "pushpull-api", version)]
struct Arguments {
    /// TOML file with settings.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Address to listen on; port 0 takes a free one and prints it.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Print the effective settings, with where each comes from, and exit.
    #[arg(long)]
    check: bool,
    /// Ask the running API whether it is healthy, and exit: 0 if it is. For container health checks.
    #[arg(long, conflicts_with = "check")]
    health: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let loaded = match load(&arguments) {
        Ok(loaded) => loaded,
        Err(mistakes) => {
            eprintln!("pushpull-api: the settings are wrong\n{mistakes}");
            return ExitCode::from(2);
        }
    };
    if arguments.check {
        return print(loaded.places.describe(&loaded.settings).as_deref().unwrap_or_default());
    }
    if arguments.health {
        let settings = &loaded.settings;
        return health::exit_code("pushpull-api", settings.listen, settings.tls.is_some());
    }
    if let Err(error) = logs::init(&loaded.settings.log) {
        eprintln!("pushpull-api: {error}");
        return ExitCode::from(2);
    }
    crypto::install();
    match run(&loaded.settings) {
        Ok(Drained::Clean) => ExitCode::SUCCESS,
        Ok(Drained::Left(requests)) => {
            tracing::error!(requests, "cut what was still under way: shutdown.grace ran out");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("pushpull-api: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn load(arguments: &Arguments) -> Result<Loaded<Settings>, Mistakes> {
    let layers = Layers::new("PUSHPULL_API", arguments.config.clone());
    let layers = layers.flag("--listen", "listen", arguments.listen);
    service::config::load_checked(&layers, config::check).map(|(loaded, ())| loaded)
}

#[tokio::main]
async fn run(settings: &Settings) -> anyhow::Result<Drained> {
    let stop = stop::signals()?;
    let hint = "choose another with --listen or PUSHPULL_API__LISTEN, such as 127.0.0.1:0 for a free port";
    let listener = server::bind(settings.listen, hint).await?;
    let scheme = if settings.tls.is_some() { "https" } else { "http" };
    let url = format!("{scheme}://{}", listener.local_addr()?);
    print(&format!("listening on {url}\n"));
    tracing::info!(%url, metrics = %format!("{url}/metrics"), "serving");
    api::run(listener, settings, stop).await
}

/// To standard output, at once; a closed one is no reason to stop.
fn print(text: &str) -> ExitCode {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
