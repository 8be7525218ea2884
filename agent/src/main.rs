//! `pushpull-agent`: reads the settings, binds, runs until a signal.

mod arguments;

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use agent::Mode;
use agent::config::{self, Discovery, PullSettings, Settings};
use agent::doctor;
use agent::exec::{App, vacant};
use agent::identity::Identity;
use agent::pipeline::{Hurry, Left};
use agent::probe::{self, Finding};
use agent::reap;
use agent::reload::{Load, Reloads};
use agent::spool::OpenError;
use agent::status::events::Events;
use arguments::{Arguments, Command, load};
use clap::Parser;
use service::config::Loaded;
use service::web::Web;
use service::{crypto, health, logs, server, stop};
use tokio::net::TcpListener;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// What a look before a signal may take.
const LOOK: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let mut arguments = Arguments::parse();
    let command = arguments.command.take();
    let (loaded, identity) = match load(&arguments) {
        Ok(loaded) => loaded,
        Err(mistakes) if matches!(command, Some(Command::Doctor)) => {
            return report(&doctor::settings(&mistakes));
        }
        Err(mistakes) => {
            eprintln!("pushpull-agent: the settings are wrong\n{mistakes}");
            return ExitCode::from(2);
        }
    };
    match command {
        Some(Command::Check { live }) => {
            let said = check(&loaded, &identity);
            return if live { look(probe::live(&loaded.settings, &identity)) } else { said };
        }
        Some(Command::Doctor) => return look(doctor::examine(&loaded.settings, &identity)),
        Some(Command::Health) => {
            let pull = &loaded.settings.pull;
            return health::exit_code("pushpull-agent", pull.listen, is_tls(pull));
        }
        _ => {}
    }
    let events = Events::default();
    if let Err(error) = logs::init_with(&loaded.settings.log, events.layer()) {
        eprintln!("pushpull-agent: {error}");
        return ExitCode::from(2);
    }
    crypto::install();
    let load: Load = Arc::new(move || load(&arguments).map(|(loaded, identity)| (loaded.settings, identity)));
    match run(loaded.settings, identity, command, Control { load, events }) {
        Ok(Ended { left, code }) => {
            for left in &left {
                tracing::error!("left undone: {left}");
            }
            // The app's word is the last one: whoever started it wants to know how it went.
            code.map_or(if left.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }, ExitCode::from)
        }
        Err(error) => {
            eprintln!("pushpull-agent: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn check(loaded: &Loaded<Settings>, identity: &Identity) -> ExitCode {
    let described = loaded.places.describe(&loaded.settings).unwrap_or_default();
    let targets = loaded.settings.scrape.0.iter().zip(&identity.targets).map(|(target, key)| {
        let known = format!("# group /metrics/{key}\n");
        match target.discovery {
            Discovery::None => known,
            // Such groups are named by what is found.
            Discovery::Dns | Discovery::File | Discovery::Http => {
                let known =
                    known.replace("/instance/%2A", "/instance/ADDRESS").replace("# group", "# groups");
                let from = target.targets.as_ref().unwrap_or(&target.url);
                format!(
                    "{}, where ADDRESS is that of each target of {}\n",
                    known.trim_end(),
                    config::shown(from)
                )
            }
        }
    });
    let others = identity.textfiles.iter().chain([&identity.host, &identity.own]);
    let groups: String = targets.chain(others.map(|key| format!("# group /metrics/{key}\n"))).collect();
    let honoring = loaded.settings.scrape.0.iter().filter(|target| target.honor_labels);
    let notes: String = honoring
        .map(|target| {
            let url = config::shown(&target.url);
            format!("# honor_labels of {url}: for pulls; a Pushgateway overwrites the labels of the group\n")
        })
        .collect();
    print(&format!("{described}\n{groups}{notes}"))
}

/// Runs checks, and prints what they found.
fn look(checks: impl Future<Output = Vec<Finding>>) -> ExitCode {
    crypto::install();
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => {
            let found = runtime.block_on(checks);
            // A name that is still being looked up holds up nobody.
            runtime.shutdown_background();
            report(&found)
        }
        Err(error) => {
            eprintln!("pushpull-agent: {error}");
            ExitCode::FAILURE
        }
    }
}

fn report(findings: &[Finding]) -> ExitCode {
    let lines: String = findings.iter().map(|finding| format!("{finding}\n")).collect();
    let printed = print(&lines);
    if printed == ExitCode::SUCCESS { probe::exit_code(findings) } else { printed }
}

/// What goes along with a running agent.
struct Control {
    load: Load,
    events: Events,
}

/// How a run ended: what was left undone, and the exit code of the app where there is one.
struct Ended {
    left: Vec<Left>,
    code: Option<u8>,
}

/// One thread: the agent waits far more than it works.
fn run(
    settings: Settings,
    identity: Identity,
    command: Option<Command>,
    control: Control,
) -> anyhow::Result<Ended> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let ended = runtime.block_on(serve(settings, identity, command, control));
    // A name that is still being looked up, or a file that hangs, holds up nobody's end.
    runtime.shutdown_background();
    ended
}

async fn serve(
    settings: Settings,
    identity: Identity,
    command: Option<Command>,
    Control { load, events }: Control,
) -> anyhow::Result<Ended> {
    let alone = |left| Ended { left, code: None };
    match command {
        Some(Command::Once) => {
            let stop = stop::signals()?;
            agent::run(settings, identity, Mode::Once, stop).await.map(alone)
        }
        Some(Command::Reap(arguments)) => {
            let Some(orders) = arguments.orders(&settings.reap) else {
                eprintln!(
                    "pushpull-agent: how old? give --older-than 5m, or set reap.older_than or reap.jobs"
                );
                return Ok(Ended { left: Vec::new(), code: Some(2) });
            };
            if settings.push.0.is_empty() {
                eprintln!("pushpull-agent: there is no gateway to reap: no [[push]] is set");
                return Ok(Ended { left: Vec::new(), code: Some(2) });
            }
            let went_well = reap::run(settings, orders, stop::signals()?).await?;
            Ok(Ended { left: Vec::new(), code: Some(u8::from(!went_well)) })
        }
        Some(Command::Exec { command }) => {
            // Standard output is the app's. What the agent answers at is not worth a day without the app.
            let (listener, url) = match bind(&settings, settings.pull.listen).await {
                Ok(bound) => bound,
                Err(error) => {
                    let bound = bind(&settings, SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
                    tracing::error!(
                        "{error:#}; the app is started all the same, and its agent answers at {}",
                        bound.1
                    );
                    bound
                }
            };
            eprintln!("listening on {url}");
            announce(&settings, &url);
            let groups = vacant(&settings, &identity).await;
            let app = match App::start(&command) {
                Ok(app) => app,
                Err(error) => {
                    eprintln!("pushpull-agent: {error}");
                    return Ok(Ended { left: Vec::new(), code: Some(error.code()) });
                }
            };
            let (hurry, done) = (
                Hurry::new(app.looks()).of_app((app.began(), app.stamp()), groups),
                CancellationToken::new(),
            );
            let look = async || drop(hurry.read(Instant::now() + LOOK).await);
            let serving = {
                // SIGHUP is the app's: whoever wants the agent's settings to be read again asks by POST.
                let mode = Mode::Serve(listener, hurry.clone(), events, Reloads { load, signal: None });
                agent::run(settings, identity, mode, done.clone())
            };
            let (left, code) = tokio::join!(serving, app.run(look, done));
            // An agent that failed has told why; the app's code is still the app's.
            let left = left.unwrap_or_else(|error| {
                tracing::error!("the agent ended before its app: {error:#}");
                Vec::new()
            });
            Ok(Ended { left, code: Some(code) })
        }
        _ => {
            let (stop, hangup) = stop::signals_but_hangup()?;
            let (listener, url) = bind(&settings, settings.pull.listen).await?;
            // Whoever waits for this line is to find an agent that works.
            for receiver in &settings.remote_write.0 {
                let Some(dir) = &receiver.spool.dir else { continue };
                match agent::spool::attempt(dir) {
                    Err(error @ OpenError::Dir { .. }) => {
                        eprintln!("pushpull-agent: the settings are wrong\nremote_write.spool.dir: {error}");
                        return Ok(Ended { left: Vec::new(), code: Some(2) });
                    }
                    tried => tried?,
                }
            }
            print(&format!("listening on {url}\n"));
            announce(&settings, &url);
            let reloads = Reloads { load, signal: Some(hangup) };
            let mode = Mode::Serve(listener, Hurry::none(), events, reloads);
            agent::run(settings, identity, mode, stop).await.map(alone)
        }
    }
}

/// Whether the listener speaks TLS; a file that is wrong is told elsewhere.
fn is_tls(pull: &PullSettings) -> bool {
    pull.web_config_file.as_deref().is_some_and(|file| Web::open(file).is_ok_and(|web| web.is_tls()))
}

/// A listener there, and its URL.
async fn bind(settings: &Settings, address: SocketAddr) -> anyhow::Result<(TcpListener, String)> {
    let hint = "choose another with --listen or pull.listen, such as 127.0.0.1:0 for a free port";
    let listener = server::bind(address, hint).await?;
    let scheme = if is_tls(&settings.pull) { "https" } else { "http" };
    let url = format!("{scheme}://{}", listener.local_addr()?);
    Ok((listener, url))
}

/// What the agent begins to do.
fn announce(settings: &Settings, url: &str) {
    for endpoint in &settings.push.0 {
        tracing::info!(endpoint = endpoint.label(), interval = ?settings.interval, "pushing");
    }
    for receiver in &settings.remote_write.0 {
        tracing::info!(endpoint = receiver.label(), interval = ?settings.interval, drain = ?receiver.drain, "writing");
    }
    tracing::info!(%url, "answering pulls");
}

/// To standard output, at once; a closed one is no reason to stop.
fn print(text: &str) -> ExitCode {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
