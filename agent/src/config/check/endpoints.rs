//! Gateways to push to.

use std::path::Path;

use humantime::format_duration;
use service::config::Places;
use url::Url;

use super::{Wrong, url};
use crate::config::{Endpoint, OnShutdown, Settings};

pub(super) fn check(settings: &Settings, places: &Places, wrong: &mut Wrong<'_>) {
    let mut seen: Vec<Url> = Vec::new();
    for (at, endpoint) in settings.push.0.iter().enumerate() {
        let key = |name: &str| format!("push[{at}].{name}");
        if let Some(url) = url(&key("url"), &endpoint.url, wrong) {
            if url.query().is_some() || url.fragment().is_some() {
                let message = "must end with the path: the group's own path and ?ttl= come after it";
                wrong(&key("url"), message.to_owned());
            }
            // Whoever pushes there twice overwrites each push with the next.
            let plain = plain(&url);
            if seen.contains(&plain) {
                wrong(&key("url"), format!("{plain} is pushed to already: give it once"));
            }
            seen.push(plain);
        }
        if endpoint.timeout.is_zero() || endpoint.rate == 0 {
            let name = if endpoint.rate == 0 { "rate" } else { "timeout" };
            wrong(&key(name), "expected more than 0".to_owned());
        }
        lifetimes(settings, endpoint, places, &mut |name, message| wrong(&key(name), message));
        credentials(endpoint, &mut |name, message| wrong(&key(name), message));
    }
}

/// The URL without what does not change where it leads.
fn plain(url: &Url) -> Url {
    let mut plain = url.clone();
    // Only URLs without a host refuse these.
    let _ = plain.set_username("");
    let _ = plain.set_password(None);
    plain.set_path(url.path().trim_end_matches('/'));
    plain
}

fn lifetimes(settings: &Settings, endpoint: &Endpoint, places: &Places, wrong: &mut Wrong<'_>) {
    let (interval, grace) = (settings.interval, settings.shutdown.grace);
    if let Some(ttl) = endpoint.ttl.filter(|ttl| *ttl < interval.saturating_mul(2)) {
        let message = format!(
            "{} is shorter than two intervals of {} ({}): one late push and the group is gone",
            format_duration(ttl),
            format_duration(interval),
            places.of("interval")
        );
        wrong("ttl", message);
    }
    if endpoint.on_shutdown == OnShutdown::Delete && endpoint.linger >= grace {
        let message = format!(
            "on_shutdown = \"delete\" waits {} before it deletes, but shutdown.grace is {} ({})",
            format_duration(endpoint.linger),
            format_duration(grace),
            places.of("shutdown.grace")
        );
        wrong("linger", message);
    }
}

/// One way to say who we are, and files that are there.
fn credentials(endpoint: &Endpoint, wrong: &mut Wrong<'_>) {
    let password = endpoint.password.is_some() || endpoint.password_file.is_some();
    let token = endpoint.bearer_token.is_some() || endpoint.bearer_token_file.is_some();
    let in_url =
        Url::parse(&endpoint.url).is_ok_and(|url| !url.username().is_empty() || url.password().is_some());
    if endpoint.password.is_some() && endpoint.password_file.is_some() {
        wrong("password_file", "set beside password: give one of them".to_owned());
    }
    if endpoint.bearer_token.is_some() && endpoint.bearer_token_file.is_some() {
        wrong("bearer_token_file", "set beside bearer_token: give one of them".to_owned());
    }
    if password && endpoint.username.is_none() {
        let name = if endpoint.password.is_some() { "password" } else { "password_file" };
        wrong(name, "set without username".to_owned());
    }
    if endpoint.username.is_some() && (token || in_url) {
        let beside = if token { "a bearer token" } else { "the one in url" };
        wrong("username", format!("set beside {beside}: give one of them"));
    } else if token && in_url {
        let name = if endpoint.bearer_token.is_some() { "bearer_token" } else { "bearer_token_file" };
        wrong(name, "set beside the user in url: give one of them".to_owned());
    }
    for (name, file) in
        [("password_file", &endpoint.password_file), ("bearer_token_file", &endpoint.bearer_token_file)]
    {
        if let Some(message) = file.as_deref().and_then(unreadable) {
            wrong(name, message);
        }
    }
    if let Some(file) = &endpoint.ca_file {
        let builder = service::client::builder(endpoint.timeout, endpoint.timeout, false);
        if let Err(message) = service::client::trusting(builder, file) {
            wrong("ca_file", message);
        }
    }
}

fn unreadable(file: &Path) -> Option<String> {
    let error = std::fs::read_to_string(file).err()?;
    Some(format!("{} cannot be read: {error}", file.display()))
}
