//! `pushpull-gateway`: reads the flags, binds, serves until a signal or `/-/quit`.

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

use gateway::listening;
use gateway::persistence::StartError;
use gateway::persistence::disk::RealDisk;
use gateway::settings::Settings;
use service::config::Mistakes;
use service::stop::{self, Drained};
use service::{crypto, health, logs};

fn main() -> ExitCode {
    let mut settings = Settings::read(std::env::args_os()).unwrap_or_else(|error| error.exit());
    if let Err(error) = logs::init(&settings.log()) {
        eprintln!("pushpull-gateway: {error}");
        return ExitCode::from(2);
    }
    crypto::install();
    if settings.utf8_names {
        let message = "--push.enable-utf8-names: names outside of [a-zA-Z_:][a-zA-Z0-9_:]* are not supported";
        Settings::mistake(message).exit();
    }
    if let Err(message) = settings.web.open() {
        Settings::mistake(&message).exit();
    }
    if settings.health {
        return is_healthy(&settings);
    }
    if settings.unchecked {
        tracing::warn!(
            "--push.disable-consistency-check has no effect: pushes are checked, at a cost that does not \
             depend on what is stored"
        );
    }
    match run(settings) {
        Ok(Drained::Clean) => ExitCode::SUCCESS,
        Ok(Drained::Left(requests)) => {
            tracing::error!(requests, "cut what was still under way");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("pushpull-gateway: {error:#}");
            let of_settings = error.is::<Mistakes>()
                || error.downcast_ref().is_some_and(|error: &StartError| error.is_of_settings());
            if of_settings { ExitCode::from(2) } else { ExitCode::FAILURE }
        }
    }
}

/// All addresses must answer: where only some do, something is wrong.
fn is_healthy(settings: &Settings) -> ExitCode {
    let (tls, prefix) = (settings.web.is_tls(), settings.web.prefix());
    let codes = settings
        .listen
        .iter()
        .map(|listen| health::exit_code_below("pushpull-gateway", *listen, tls, &prefix));
    // Each that is not says so.
    codes.fold(ExitCode::SUCCESS, |all, code| if code == ExitCode::SUCCESS { all } else { code })
}

#[tokio::main]
async fn run(settings: Settings) -> anyhow::Result<Drained> {
    // SIGHUP is the gateway's own: it reads its files again, if it has any.
    let stop = stop::signals_but_hangup()?.0;
    let listeners = listening::open(&settings).await?;
    let (scheme, prefix) = (if settings.web.is_tls() { "https" } else { "http" }, settings.web.prefix());
    // What is said next must hold: all that could be wrong is found before.
    let ready = gateway::open(settings, stop, Arc::new(RealDisk))?;
    let mut out = std::io::stdout();
    for listener in &listeners {
        let url = format!("{scheme}://{}{prefix}", listener.local_addr()?);
        // Nobody may be reading; that is no reason to stop.
        let _ = writeln!(out, "listening on {url}").and_then(|()| out.flush());
        tracing::info!(%url, "serving; push to /metrics/job/JOB, scrape /metrics with honor_labels");
    }
    ready.serve(listeners).await
}
