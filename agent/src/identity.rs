//! Under which grouping keys things are sent.
//!
//! Every source has a key of its own: a PUT replaces its whole group, so two sources in one
//! group would delete each other's series at each push.

use std::collections::BTreeMap;

use exposition::GroupingKey;

use crate::config::{Discovery, Settings, shown};

/// The job of the host's group.
const HOST_JOB: &str = "node";
/// The job of the agent's own group.
const OWN_JOB: &str = "pushpull-agent";

/// The keys of all sources.
#[derive(Debug, Clone)]
pub struct Identity {
    /// Of the scraped pages, in their order.
    pub targets: Vec<GroupingKey>,
    /// Of the files, in their order.
    pub textfiles: Vec<GroupingKey>,
    /// Of the host.
    pub host: GroupingKey,
    /// Of the agent itself.
    pub own: GroupingKey,
}

/// Looks up a variable of the environment.
type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

impl Identity {
    /// Fills in templates and makes the keys; says what is wrong, and where, to `wrong`.
    pub fn resolve(
        settings: &Settings,
        environment: Environment<'_>,
        wrong: &mut dyn FnMut(&str, String),
    ) -> Self {
        let identity = &settings.identity;
        let fill = |key: &str, template: &str, wrong: &mut dyn FnMut(&str, String)| {
            fill(template, environment).unwrap_or_else(|message| {
                wrong(key, message);
                "?".to_owned()
            })
        };
        let job = fill("identity.job", &identity.job, wrong);
        let instance = fill("identity.instance", &identity.instance, wrong);
        let mut labels = BTreeMap::new();
        for (name, template) in &identity.labels {
            let key = format!("identity.labels.{name}");
            let value = fill(&key, template, wrong);
            if matches!(name.as_str(), "job" | "instance") {
                wrong(&key, format!("set identity.{name} instead"));
            } else if let Err(error) = GroupingKey::new("job", [(name.as_str(), "")]) {
                wrong(&key, error.to_string());
            } else if matches!(name.as_str(), "le" | "quantile") {
                let message =
                    "tells the parts of a histogram or summary apart: all of them would be one part";
                wrong(&key, message.to_owned());
            } else {
                labels.insert(name.clone(), value);
            }
        }
        let key = |place: &str, job: &str, instance: &str, wrong: &mut dyn FnMut(&str, String)| {
            let own = [("instance".to_owned(), instance.to_owned())];
            let all = labels.iter().map(|(name, value)| (name.clone(), value.clone())).chain(own);
            GroupingKey::new(job, all).unwrap_or_else(|error| {
                wrong(place, error.to_string());
                nobody()
            })
        };
        let several = settings.scrape.0.len() > 1;
        let mut targets: Vec<GroupingKey> = Vec::new();
        for (at, target) in settings.scrape.0.iter().enumerate() {
            let place = |name: &str| format!("scrape[{at}].{name}");
            let job = target.job.as_ref().map_or(job.clone(), |job| fill(&place("job"), job, wrong));
            let host = url::Url::parse(&target.url).ok().filter(|_| several).map(|url| {
                let port = url.port_or_known_default().map_or(String::new(), |port| format!(":{port}"));
                format!("{}{port}", url.host_str().unwrap_or_default())
            });
            let named = target.discovery != Discovery::None;
            let instance = match (&target.instance, host) {
                // Stands for the addresses that the name will have.
                _ if named => "*".to_owned(),
                (Some(instance), _) => fill(&place("instance"), instance, wrong),
                (None, Some(host)) => host,
                (None, None) => instance.clone(),
            };
            let empty = if target.job.is_some() { place("job") } else { "identity.job".to_owned() };
            let made = key(&empty, &job, &instance, wrong);
            // Which groups a list has is known when it is read.
            if !target.discovery.is_list() && targets.contains(&made) {
                let message = format!(
                    "another target has the group {made} already: give one of them a job or an instance"
                );
                wrong(&place("url"), message);
            }
            targets.push(made);
        }
        let mut textfiles: Vec<GroupingKey> = Vec::new();
        for (at, textfile) in settings.textfile.0.iter().enumerate() {
            let place = |name: &str| format!("textfile[{at}].{name}");
            let job = fill(&place("job"), &textfile.job, wrong);
            let own = textfile.instance.as_ref().map(|own| fill(&place("instance"), own, wrong));
            let made = key(&place("job"), &job, own.as_ref().unwrap_or(&instance), wrong);
            if targets.contains(&made) || textfiles.contains(&made) {
                let message =
                    format!("the group {made} is another's already: give one of them a job or an instance");
                wrong(&place("path"), message);
            }
            textfiles.push(made);
        }
        let host = key("identity.instance", HOST_JOB, &instance, wrong);
        let own = key("identity.instance", OWN_JOB, &instance, wrong);
        let named = targets.iter().enumerate().map(|(at, key)| (format!("scrape[{at}].job"), key));
        let files = textfiles.iter().enumerate().map(|(at, key)| (format!("textfile[{at}].job"), key));
        for (place, target) in named.chain(files) {
            if *target == host || *target == own {
                let message = format!(
                    "the group {target} is the agent's own: choose another job than \"{}\"",
                    target.job()
                );
                wrong(&place, message);
            }
        }
        Self { targets, textfiles, host, own }
    }

    /// What the targets are called in logs and metrics: their URL, with their group where others have it too.
    pub fn names(&self, settings: &Settings) -> Vec<String> {
        let urls: Vec<String> = settings.scrape.0.iter().map(|target| shown(&target.url)).collect();
        let alone = |url: &String| urls.iter().filter(|other| *other == url).count() == 1;
        let named = urls.iter().zip(&self.targets);
        named.map(|(url, key)| if alone(url) { url.clone() } else { format!("{url} as {key}") }).collect()
    }
}

/// Stands where a key could not be made; the settings are refused then.
fn nobody() -> GroupingKey {
    "job/none".parse().unwrap_or_else(|_| unreachable!("a constant key that parses"))
}

/// Fills in `{hostname}`, `{pid}`, `{boot_id}` and `{env:NAME}`.
fn fill(template: &str, environment: Environment<'_>) -> Result<String, String> {
    let mut filled = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) =
            after.split_once('}').ok_or_else(|| format!("`{{` without `}}` in \"{template}\""))?;
        filled.push_str(before);
        match name {
            "hostname" => filled.push_str(&rustix::system::uname().nodename().to_string_lossy()),
            "pid" => filled.push_str(&std::process::id().to_string()),
            "boot_id" => {
                let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id");
                filled.push_str(id.map_err(|error| format!("{{boot_id}} cannot be read: {error}"))?.trim());
            }
            _ => {
                if let Some(variable) = name.strip_prefix("env:") {
                    let value = environment(variable);
                    filled.push_str(
                        &value.ok_or_else(|| format!("environment variable {variable} is not set"))?,
                    );
                } else {
                    let known = "{hostname}, {pid}, {boot_id} or {env:NAME}";
                    return Err(format!("unknown template {{{name}}} in \"{template}\": expected {known}"));
                }
            }
        }
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_filled_in_or_named() {
        let environment = |name: &str| (name == "POD").then(|| "pod-1".to_owned());
        assert_eq!(fill("a-{env:POD}-b", &environment), Ok("a-pod-1-b".to_owned()));
        assert_eq!(fill("{pid}", &environment), Ok(std::process::id().to_string()));
        assert!(!fill("{hostname}", &environment).unwrap().is_empty());
        for (template, part) in [
            ("{hostnam}", "unknown template {hostnam}"),
            ("{env:NO}", "variable NO is not set"),
            ("a{b", "without `}`"),
        ] {
            assert!(fill(template, &environment).unwrap_err().contains(part), "{template}");
        }
    }
}
