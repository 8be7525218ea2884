//! The instances of a scenario before they live: where each listens, and how its processes are started.

use std::net::SocketAddr;
use std::path::Path as Folder;

use super::path::Path;
use super::pod::{self, Pod};
use super::scenario::Times;
use super::schedule::Planned;
use super::stage::Stage;
use crate::programs::{Program, ours};
use crate::settings;

/// Each instance has an address of its own, so all may listen on the same port.
const PORT: u16 = 8_000;

/// Where an instance listens.
pub fn address(stage: &Stage, number: usize) -> SocketAddr {
    SocketAddr::from((stage.pod_address(number), PORT))
}

/// One instance, with the gateways that its agents push to.
///
/// # Errors
///
/// Where our programs are not found, or its agents' settings cannot be written.
pub fn pod(
    stage: &Stage,
    times: &Times,
    folder: &Folder,
    number: usize,
    planned: &Planned,
    gateways: &[(Path, SocketAddr)],
) -> anyhow::Result<Pod> {
    let address = address(stage, number);
    let truth = folder.join(format!("{number}.truth"));
    let mut app = Program::new(&ours("pushpull-api")?, ["--listen", &address.to_string()]);
    let linger = seconds(pod::linger(planned.exit, times));
    for (name, value) in [
        ("PUSHPULL_API__WORK__MIN", "0s"),
        ("PUSHPULL_API__WORK__MAX", "0s"),
        ("PUSHPULL_API__SHUTDOWN__LINGER", &linger),
        ("PUSHPULL_API__TRUTH__FILE", &truth.display().to_string()),
        ("PUSHPULL_API__LOG__LEVEL", "warn"),
    ] {
        app.environment.push((name, value.to_owned()));
    }
    let mut agents = Vec::new();
    for &(path, gateway) in gateways {
        let name = format!("{number}-{}.toml", path.name());
        let file = settings::write(folder, &name, &agent(path, address, gateway, &planned.group, times))?;
        let file = file.display().to_string();
        let program = Program::new(&ours("pushpull-agent")?, ["--config", &file]);
        agents.push((path, stage.site(program)));
    }
    Ok(Pod { planned: planned.clone(), address, truth, app: stage.site(app), agents })
}

/// The settings of one agent: one page, one gateway, nothing of the host.
fn agent(path: Path, app: SocketAddr, gateway: SocketAddr, group: &str, times: &Times) -> String {
    let interval = seconds(times.push);
    let timeout = seconds(times.push.min(10.0));
    // Ours ends a group once two scrapes have had time to see its last values; the real one cannot.
    let end = match path {
        Path::PushOurs => {
            let (ttl, linger) = (seconds(times.lifetime), seconds(2.0 * times.scrape));
            format!("ttl = \"{ttl}\"\non_shutdown = \"expire\"\nlinger = \"{linger}\"\n")
        }
        _ => "on_shutdown = \"keep\"\n".to_owned(),
    };
    format!(
        "# Written by pushpull-lab; agent/agent.toml shows every setting.\n\
         interval = \"{interval}\"\n\n\
         [identity]\njob = \"api\"\ninstance = \"{group}\"\n\n\
         [[scrape]]\nurl = \"http://{app}/metrics\"\ntimeout = \"{timeout}\"\n\n\
         [host]\nenabled = false\n\n\
         [[push]]\nurl = \"http://{gateway}\"\ntimeout = \"{timeout}\"\n{end}\n\
         [pull]\nlisten = \"{}:0\"\n\n\
         [shutdown]\ngrace = \"5s\"\n\n\
         [log]\nlevel = \"error\"\n",
        app.ip()
    )
}

/// As settings say it; whole milliseconds.
fn seconds(seconds: f64) -> String {
    format!("{:.0}ms", seconds * 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_gateway_is_told_to_end_a_group() {
        let times = Times { scrape: 1.0, push: 0.5, lookback: 60.0, lifetime: 4.0, rate: 20.0 };
        let (app, gateway) = ("127.0.0.2:80".parse().unwrap(), "127.0.0.3:91".parse().unwrap());
        let ours = agent(Path::PushOurs, app, gateway, "a-1", &times);
        for part in [
            "interval = \"500ms\"",
            "instance = \"a-1\"",
            "url = \"http://127.0.0.2:80/metrics\"",
            "ttl = \"4000ms\"",
            "linger = \"2000ms\"",
            "listen = \"127.0.0.2:0\"",
        ] {
            assert!(ours.contains(part), "{part}\n{ours}");
        }
        let real = agent(Path::PushReal, app, gateway, "a-1", &times);
        assert!(real.contains("on_shutdown = \"keep\"") && !real.contains("ttl"), "{real}");
    }
}
