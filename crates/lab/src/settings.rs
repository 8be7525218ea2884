//! The agent's settings as the lab writes them.

use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::ports::{Part, Ports};

/// Writes the agent's settings; `instance` is the API's, where it is not the host's name.
pub fn agent(folder: &Path, ports: &Ports, interval: u64, instance: Option<&str>) -> anyhow::Result<PathBuf> {
    let [api, gateway, agent] = [Part::Api, Part::Gateway, Part::Agent].map(|part| ports.address(part));
    let (timeout, ttl) = (interval.min(10), interval * 4);
    let instance = instance.map_or_else(String::new, |instance| format!("instance = \"{instance}\"\n"));
    let text = format!(
        "# Written by pushpull-lab; agent/agent.toml shows every setting.\n\
         interval = \"{interval}s\"\n\n\
         [identity]\njob = \"api\"\ninstance = \"{{hostname}}\"\n\n\
         [[scrape]]\nurl = \"http://{api}/metrics\"\n{instance}timeout = \"{timeout}s\"\n\n\
         [[push]]\nurl = \"http://{gateway}\"\nttl = \"{ttl}s\"\n\n\
         [pull]\nlisten = \"{agent}\"\n\n\
         # Less than the lab gives it, so that it can say what was lost.\n\
         [shutdown]\ngrace = \"2s\"\n"
    );
    write(folder, "agent.toml", &text)
}

/// Writes one file into a folder.
pub fn write(folder: &Path, name: &str, text: &str) -> anyhow::Result<PathBuf> {
    let file = folder.join(name);
    std::fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(file)
}
