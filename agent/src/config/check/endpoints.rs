//! Gateways to push to.

use humantime::format_duration;
use service::config::{Place, Places};
use url::Url;

use super::durations::{LIFE, PAUSE, WAIT};
use super::transport::{self, Subject};
use super::{Wrong, url};
use crate::config::{Endpoint, OnShutdown, Settings, shown};

pub(super) fn check(settings: &Settings, places: &Places, wrong: &mut Wrong<'_>) {
    let mut seen: Vec<Url> = Vec::new();
    for (at, endpoint) in settings.push.0.iter().enumerate() {
        let key = |name: &str| format!("push[{at}].{name}");
        let name = if endpoint.urls.is_empty() { "url" } else { "urls" };
        if !endpoint.urls.is_empty() && places.of(&key("url")) != Place::Default {
            wrong(&key("urls"), "set beside url: give one of them".to_owned());
        }
        if endpoint.urls.is_empty() && endpoint.url.is_empty() {
            wrong(&key("url"), "missing: expected url, or urls with several gateways".to_owned());
        }
        for text in endpoint.gateways().iter().filter(|text| name == "urls" || !text.is_empty()) {
            let Some(url) = url(&key(name), text, wrong) else { continue };
            if url.query().is_some() || url.fragment().is_some() {
                let message = "must end with the path: the group's own path and ?ttl= come after it";
                wrong(&key(name), message.to_owned());
            }
            let path = format!("{}/", url.path().trim_end_matches('/'));
            if path.ends_with("/metrics/") || path.contains("/metrics/job") {
                let message =
                    format!("{}: leave out /metrics and all after it: the agent adds both", shown(text));
                wrong(&key(name), message);
            }
            // Whoever pushes there twice overwrites each push with the next.
            let plain = plain(&url);
            if seen.contains(&plain) {
                wrong(&key(name), format!("{plain} is pushed to already: give it once"));
            }
            seen.push(plain);
        }
        PAUSE.check(&key("failback"), endpoint.failback, wrong);
        if endpoint.ca_file.is_some() && endpoint.tls_config.ca_file.is_some() {
            wrong(&key("ca_file"), "set beside tls_config.ca_file: give one of them".to_owned());
        }
        let ca_key = if endpoint.ca_file.is_some() { "ca_file" } else { "tls_config.ca_file" };
        let subject = Subject { urls: endpoint.gateways(), transport: &endpoint.transport(), ca_key };
        transport::check(&subject, &mut |name, message| wrong(&key(name), message));
        if endpoint.rate == 0 {
            wrong(&key("rate"), "expected more than 0".to_owned());
        }
        WAIT.check(&key("timeout"), endpoint.timeout, wrong);
        lifetimes(settings, endpoint, places, &mut |name, message| wrong(&key(name), message));
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
    if let Some(ttl) = endpoint.ttl.filter(|ttl| !ttl.is_zero() && *ttl < interval.saturating_mul(2)) {
        let message = format!(
            "{} is shorter than two intervals of {} ({}): one late push and the group is gone",
            format_duration(ttl),
            format_duration(interval),
            places.of("interval")
        );
        wrong("ttl", message);
    }
    if let Some(ttl) = endpoint.ttl {
        LIFE.check("ttl", ttl, wrong);
    }
    if endpoint.on_shutdown == OnShutdown::Expire && endpoint.linger.is_zero() {
        let message = LIFE.expected(endpoint.linger);
        wrong("linger", format!("{message}: no group lives for no time; \"delete\" ends groups at once"));
    } else if !endpoint.linger.is_zero() {
        LIFE.check("linger", endpoint.linger, wrong);
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
