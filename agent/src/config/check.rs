//! What no single value shows to be wrong, each with its place.

use service::config::{Loaded, Mistakes, nearest};

use super::{Discovery, OnShutdown, Settings, shown as shown_url};
use crate::identity::Identity;
use crate::sources::host::COLLECTORS;

/// Checks all settings together; what passes is resolved for good.
pub fn check(loaded: &Loaded<Settings>) -> Result<Identity, Mistakes> {
    let Loaded { settings, places } = loaded;
    let mut mistakes = Mistakes::default();
    let mut wrong = |key: &str, message: String| mistakes.add(&places.of(key), key, message);
    let interval = settings.interval;
    if interval.is_zero() {
        wrong("interval", "expected a duration longer than 0".to_owned());
    }
    let shown = humantime::format_duration;
    let url = |text: &str| match url::Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(url),
        Ok(_) => Err(format!("expected an http or https URL, got \"{}\"", shown_url(text))),
        Err(error) => Err(format!("expected an http or https URL, got \"{text}\" ({error})")),
    };
    for (at, target) in settings.scrape.0.iter().enumerate() {
        let key = |name: &str| format!("scrape[{at}].{name}");
        if let Err(message) = url(&target.url) {
            wrong(&key("url"), message);
        }
        if target.discovery == Discovery::Dns && target.instance.is_some() {
            let message = "set beside discovery = \"dns\", where each address is an instance of its own";
            wrong(&key("instance"), message.to_owned());
        }
        if target.timeout > interval || target.timeout.is_zero() {
            let (timeout, place) = (shown(target.timeout), places.of("interval"));
            let message = format!(
                "{timeout} must be more than 0 and at most the interval of {} ({place})",
                shown(interval)
            );
            wrong(&key("timeout"), message);
        }
    }
    for (at, endpoint) in settings.push.0.iter().enumerate() {
        let key = |name: &str| format!("push[{at}].{name}");
        if let Err(message) = url(&endpoint.url) {
            wrong(&key("url"), message);
        }
        if endpoint.timeout.is_zero() || endpoint.rate == 0 {
            let name = if endpoint.rate == 0 { "rate" } else { "timeout" };
            wrong(&key(name), "expected more than 0".to_owned());
        }
        if let Some(ttl) = endpoint.ttl.filter(|ttl| *ttl < interval * 2) {
            let message = format!(
                "{} is shorter than two intervals of {} ({}): one late push and the group is gone",
                shown(ttl),
                shown(interval),
                places.of("interval")
            );
            wrong(&key("ttl"), message);
        }
        let grace = settings.shutdown.grace;
        if endpoint.on_shutdown == OnShutdown::Delete && endpoint.linger >= grace {
            let message = format!(
                "on_shutdown = \"delete\" waits {} before it deletes, but shutdown.grace is {} ({})",
                shown(endpoint.linger),
                shown(grace),
                places.of("shutdown.grace")
            );
            wrong(&key("linger"), message);
        }
        let both = |one: bool, other: bool| one && other;
        if both(endpoint.password.is_some(), endpoint.password_file.is_some()) {
            wrong(&key("password_file"), "set beside password: give one of them".to_owned());
        }
        if both(endpoint.bearer_token.is_some(), endpoint.bearer_token_file.is_some()) {
            wrong(&key("bearer_token_file"), "set beside bearer_token: give one of them".to_owned());
        }
    }
    for name in &settings.host.collectors {
        let known = COLLECTORS.iter().map(|(name, _)| *name);
        if !known.clone().any(|known| known == name) {
            let hint = match nearest(name, known.clone()) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => format!("expected one of {}", known.collect::<Vec<_>>().join(", ")),
            };
            wrong("host.collectors", format!("unknown collector \"{name}\": {hint}"));
        }
    }
    let environment = |name: &str| std::env::var(name).ok();
    let identity = Identity::resolve(settings, &environment, &mut |key, message| wrong(key, message));
    mistakes.into_result()?;
    Ok(identity)
}
