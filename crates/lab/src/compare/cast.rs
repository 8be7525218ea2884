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

/// One instance, with the gateways and the Prometheus that its agents push or write to.
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
    receivers: &[(Path, SocketAddr)],
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
    for &(path, receiver) in receivers {
        let name = format!("{number}-{}.toml", path.name());
        let spool = folder.join(format!("{number}-spool"));
        let sink = sink(path, receiver, &spool, times);
        let file = settings::write(folder, &name, &agent(address, &sink, &planned.group, times))?;
        let file = file.display().to_string();
        let mut program = Program::new(&ours("pushpull-agent")?, ["--config", &file]);
        if path == Path::PushExec {
            program.arguments.extend(["exec".to_owned(), "--".to_owned(), app.path.display().to_string()]);
            program.arguments.extend(app.arguments.iter().cloned());
            program.environment.extend(app.environment.iter().cloned());
        }
        agents.push((path, stage.site(program)));
    }
    let has_parent = agents.iter().any(|(path, _)| *path == Path::PushExec);
    let app = (!has_parent).then(|| stage.site(app));
    Ok(Pod { planned: planned.clone(), address, truth, app, agents })
}

/// The settings of one agent: one page, one receiver, nothing of the host.
fn agent(app: SocketAddr, sink: &str, group: &str, times: &Times) -> String {
    let interval = seconds(times.push);
    let timeout = seconds(times.push.min(10.0));
    format!(
        "# Written by pushpull-lab; agent/agent.toml shows every setting.\n\
         interval = \"{interval}\"\n\n\
         [identity]\njob = \"api\"\ninstance = \"{group}\"\n\n\
         [[scrape]]\nurl = \"http://{app}/metrics\"\ntimeout = \"{timeout}\"\n\n\
         [host]\nenabled = false\n\n\
         {sink}\n\
         [pull]\nlisten = \"{}:0\"\n\n\
         [shutdown]\ngrace = \"5s\"\n\n\
         [log]\nlevel = \"error\"\n",
        app.ip()
    )
}

/// Where an agent sends to, and what becomes of its series as it ends.
fn sink(path: Path, to: SocketAddr, spool: &Folder, times: &Times) -> String {
    let timeout = seconds(times.push.min(10.0));
    // Ours ends a group once two scrapes have had time to see its last values; the real one cannot.
    let end = match path {
        // An instance that ends has ended for good: its series are marked stale.
        Path::RemoteWrite => {
            let spool = spool.display();
            return format!(
                "[[remote_write]]\nurl = \"http://{to}/api/v1/write\"\ntimeout = \"{timeout}\"\n\
                 on_shutdown = \"stale\"\nspool = {{ dir = \"{spool}\" }}\n"
            );
        }
        Path::PushOurs | Path::PushExec => {
            let (ttl, linger) = (seconds(times.lifetime), seconds(2.0 * times.scrape));
            format!("ttl = \"{ttl}\"\non_shutdown = \"expire\"\nlinger = \"{linger}\"\n")
        }
        _ => "on_shutdown = \"keep\"\n".to_owned(),
    };
    format!("[[push]]\nurl = \"http://{to}\"\ntimeout = \"{timeout}\"\n{end}")
}

/// As settings say it; whole milliseconds.
fn seconds(seconds: f64) -> String {
    format!("{:.0}ms", seconds * 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_gateway_is_told_to_end_a_group_and_only_remote_write_marks_series_stale() {
        let times = Times { scrape: 1.0, push: 0.5, lookback: 60.0, lifetime: 4.0, rate: 20.0 };
        let (app, gateway) = ("127.0.0.2:80".parse().unwrap(), "127.0.0.3:91".parse().unwrap());
        let told = |path| agent(app, &sink(path, gateway, Folder::new("/spool"), &times), "a-1", &times);
        let ours = told(Path::PushOurs);
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
        let real = told(Path::PushReal);
        assert!(real.contains("on_shutdown = \"keep\"") && !real.contains("ttl"), "{real}");
        let written = told(Path::RemoteWrite);
        for part in
            ["url = \"http://127.0.0.3:91/api/v1/write\"", "on_shutdown = \"stale\"", "dir = \"/spool\""]
        {
            assert!(written.contains(part) && !written.contains("[[push]]"), "{part}\n{written}");
        }
    }
}
