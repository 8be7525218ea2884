//! What is wrong with an agent, and what to do: its settings, those it talks to, itself, and its machine.

mod limits;
mod listener;
mod running;
mod time;

use service::config::Mistakes;

use crate::config::Settings;
use crate::identity::Identity;
use crate::probe::{self, Finding};

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
    let page = running::page(settings.pull.listen).await;
    let owner = listener::owner(settings.pull.listen);
    let mut findings = vec![Finding::ok("settings", "they are right in themselves")];
    findings.push(listener::check(settings.pull.listen, page.is_some(), owner.as_ref()));
    if let Some(page) = &page {
        findings.extend(running::check(page, settings.interval));
    }
    // Limits are those of the agent where one runs, and else of whoever asks.
    let pid = owner.filter(|_| page.is_some()).map(|owner| owner.pid);
    findings.push(limits::files(settings, pid));
    findings.push(limits::memory(settings, pid));
    findings.push(time::check().await);
    findings.extend(probe::live(settings, identity).await);
    findings
}
