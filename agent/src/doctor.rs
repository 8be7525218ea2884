//! What is wrong with an agent, and what to do: its settings, those it talks to, itself, and its machine.

mod limits;
mod listener;
mod running;
mod time;

use service::config::Mistakes;

use crate::config::Settings;
use crate::identity::Identity;
use crate::probe::{self, Finding};
use running::Seen;

/// What its process is called.
const AGENT: &str = "pushpull-agent";

/// Settings that cannot be used are a finding for each mistake.
pub fn settings(mistakes: &Mistakes) -> Vec<Finding> {
    let said = |mistake: &service::config::Mistake| {
        let key = if mistake.key.is_empty() { String::new() } else { format!(" {}", mistake.key) };
        Finding::fail(format!("settings{key}"), &mistake.message, format!("correct {}", mistake.place))
    };
    mistakes.iter().map(said).collect()
}

/// All checks, each bounded in time. Nothing is pushed, and a running agent does not notice.
pub async fn examine(settings: &Settings, identity: &Identity) -> Vec<Finding> {
    let seen = running::look(&settings.pull).await;
    let owner = listener::owner(settings.pull.listen);
    let runs = match &seen {
        Seen::Nobody => false,
        Seen::Agent(..) => true,
        Seen::Locked(_) => owner.as_ref().is_none_or(|owner| owner.name.starts_with(AGENT)),
    };
    let mut findings = vec![Finding::ok("settings", "they are right in themselves")];
    findings.push(listener::check(settings.pull.listen, runs, owner.as_ref()));
    match &seen {
        Seen::Agent(page, status) => findings.extend(running::check(page, status, settings.interval)),
        Seen::Locked(how) if runs => {
            let why =
                format!("it does not let everybody in ({how}), so that its own account is not looked at");
            findings.push(Finding::warn(
                "agent",
                why,
                "ask it for /api/v1/status with curl, as a user that it knows",
            ));
        }
        _ => {}
    }
    // Limits are those of the agent where one runs, and else of whoever asks.
    let pid = owner.filter(|_| runs).map(|owner| owner.pid);
    let (live, sources) = probe::counted(settings, identity).await;
    // What a list has that cannot be read now, a running agent may still know.
    let known = match &seen {
        Seen::Agent(_, status) => status["targets"].as_array().map_or(0, Vec::len),
        _ => 0,
    };
    findings.push(limits::files(
        sources.max(known),
        settings.push.0.len() + settings.remote_write.0.len() * 4,
        pid,
    ));
    findings.push(limits::memory(settings, pid));
    findings.push(time::check().await);
    findings.extend(live);
    findings
}
