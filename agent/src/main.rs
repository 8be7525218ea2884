//! `pushpull-agent`: reads the settings, binds, runs until a signal.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use agent::config::{self, Settings};
use agent::identity::Identity;
use agent::pipeline::Left;
use clap::{Parser, Subcommand};
use service::config::{Layers, Loaded, Mistakes};
use service::{crypto, health, logs, server, stop};

/// Scrapes pages, reads the host, pushes both to gateways, and answers pulls.
///
/// Settings come from defaults, then --config, then the environment
/// (`PUSHPULL_AGENT__SECTION__KEY`, as in `PUSHPULL_AGENT__IDENTITY__JOB=api`), then flags.
#[derive(Debug, Parser)]
#[command(name = "pushpull-agent", version)]
struct Arguments {
    /// TOML file with settings.
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// How often sources are read and gateways pushed to, such as 15s.
    #[arg(long, value_name = "DURATION", global = true)]
    interval: Option<String>,
    /// Where the pull fallback listens; port 0 takes a free one and prints it.
    #[arg(long, value_name = "ADDRESS", global = true)]
    listen: Option<SocketAddr>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print the effective settings, with where each comes from, and exit.
    Check,
    /// Ask the running agent whether it is healthy, and exit: 0 if it is. For container health checks.
    Health,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let (loaded, identity) = match load(&arguments) {
        Ok(loaded) => loaded,
        Err(mistakes) => {
            eprintln!("pushpull-agent: the settings are wrong\n{mistakes}");
            return ExitCode::from(2);
        }
    };
    match arguments.command {
        Some(Command::Check) => return check(&loaded, &identity),
        Some(Command::Health) => {
            return health::exit_code("pushpull-agent", loaded.settings.pull.listen, false);
        }
        None => {}
    }
    if let Err(error) = logs::init(&loaded.settings.log) {
        eprintln!("pushpull-agent: {error}");
        return ExitCode::from(2);
    }
    crypto::install();
    match run(loaded.settings, identity) {
        Ok(left) if left.is_empty() => ExitCode::SUCCESS,
        Ok(left) => {
            for left in left {
                tracing::error!("left undone: {left}");
            }
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("pushpull-agent: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn load(arguments: &Arguments) -> Result<(Loaded<Settings>, Identity), Mistakes> {
    let layers = Layers::new("PUSHPULL_AGENT", arguments.config.clone())
        .flag("--interval", "interval", arguments.interval.as_ref())
        .flag("--listen", "pull.listen", arguments.listen);
    let (mut loaded, identity) = service::config::load_checked(&layers, config::check)?;
    loaded.settings.fill_in();
    Ok((loaded, identity))
}

fn check(loaded: &Loaded<Settings>, identity: &Identity) -> ExitCode {
    let described = loaded.places.describe(&loaded.settings).unwrap_or_default();
    let groups = identity.targets.iter().chain([&identity.host, &identity.own]);
    let groups: String = groups.map(|key| format!("# group /metrics/{key}\n")).collect();
    let honoring = loaded.settings.scrape.0.iter().filter(|target| target.honor_labels);
    let notes: String = honoring
        .map(|target| {
            let url = config::shown(&target.url);
            format!("# honor_labels of {url}: for pulls; a Pushgateway overwrites the labels of the group\n")
        })
        .collect();
    print(&format!("{described}\n{groups}{notes}"))
}

/// One thread: the agent waits far more than it works.
#[tokio::main(flavor = "current_thread")]
async fn run(settings: Settings, identity: Identity) -> anyhow::Result<Vec<Left>> {
    let stop = stop::signals()?;
    let hint = "choose another with --listen or pull.listen, such as 127.0.0.1:0 for a free port";
    let listener = server::bind(settings.pull.listen, hint).await?;
    let url = format!("http://{}", listener.local_addr()?);
    print(&format!("listening on {url}\n"));
    for endpoint in &settings.push.0 {
        tracing::info!(endpoint = endpoint.label(), interval = ?settings.interval, "pushing");
    }
    tracing::info!(%url, "answering pulls");
    agent::run(settings, identity, listener, stop).await
}

/// To standard output, at once; a closed one is no reason to stop.
fn print(text: &str) -> ExitCode {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
