//! `pushpull-gateway`: reads the flags, binds, serves until a signal or `/-/quit`.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use gateway::settings::Settings;
use service::stop::{self, Drained};
use service::{crypto, health, logs, server};

fn main() -> ExitCode {
    let settings = Settings::parse();
    if settings.health {
        return health::exit_code("pushpull-gateway", settings.listen, false);
    }
    if let Err(error) = logs::init(&settings.log()) {
        eprintln!("pushpull-gateway: {error}");
        return ExitCode::from(2);
    }
    crypto::install();
    match run(settings) {
        Ok(Drained::Clean) => ExitCode::SUCCESS,
        Ok(Drained::Left(requests)) => {
            tracing::error!(requests, "cut what was still under way");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("pushpull-gateway: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn run(settings: Settings) -> anyhow::Result<Drained> {
    let stop = match settings.config_file {
        // SIGHUP is the gateway's own then: it reads the file again.
        Some(_) => stop::signals_but_hangup()?.0,
        None => stop::signals()?,
    };
    let hint = "choose another with --web.listen-address, such as 127.0.0.1:0 for a free port";
    let listener = server::bind(settings.listen, hint).await?;
    let url = format!("http://{}", listener.local_addr()?);
    let mut out = std::io::stdout();
    // Nobody may be reading; that is no reason to stop.
    let _ = writeln!(out, "listening on {url}").and_then(|()| out.flush());
    tracing::info!(%url, "serving; push to /metrics/job/JOB, scrape /metrics with honor_labels");
    gateway::run(listener, settings, stop).await
}
