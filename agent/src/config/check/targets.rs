//! Pages to scrape, and files to read.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use ::url::{Host, Url};
use humantime::format_duration;
use service::config::{Place, Places};

use super::durations::{LOOK, SCRAPE};
use super::transport::{self, Subject};
use super::{Wrong, url};
use crate::config::{Discovery, RelabelConfig, ScrapeProtocol, Settings, Target, TargetLimits};
use crate::relabel::Rules;

/// Whether a URL leads to who listens there.
fn leads_to(url: &Url, listen: SocketAddr) -> bool {
    let host: IpAddr = match url.host() {
        Some(Host::Ipv4(ip)) => ip.into(),
        Some(Host::Ipv6(ip)) => ip.into(),
        Some(Host::Domain("localhost")) => Ipv4Addr::LOCALHOST.into(),
        _ => return false,
    };
    let is_here = host == listen.ip() || (host.is_loopback() && listen.ip().is_unspecified());
    is_here && url.port_or_known_default() == Some(listen.port())
}

/// What is wrong with what a target is asked for, as Prometheus sees it.
fn protocols(wanted: &[ScrapeProtocol], key: &str, wrong: &mut Wrong<'_>) {
    let twice = wanted.iter().enumerate().find(|(at, one)| wanted[..*at].contains(one));
    if let Some((_, twice)) = twice {
        wrong(key, format!("{} stands in it twice: give it once", twice.name()));
    }
    // Also where all that stood in it was told to be wrong.
    if wanted.is_empty() {
        wrong(key, "expected at least one format".to_owned());
    }
}

pub(super) fn check(settings: &Settings, places: &Places, wrong: &mut Wrong<'_>) {
    if let Some(all) = &settings.scrape_protocols {
        protocols(all, "scrape_protocols", wrong);
    }
    for (at, target) in settings.scrape.0.iter().enumerate() {
        let key = |name: &str| format!("scrape[{at}].{name}");
        if url(&key("url"), &target.url, wrong).is_some_and(|url| leads_to(&url, settings.pull.listen)) {
            let message = "this is the agent's own listener (pull.listen), which answers with all that was scraped: \
                           each page would hold the one before. The agent's own metrics are pushed anyway";
            wrong(&key("url"), message.to_owned());
        }
        let (transport, urls) = (target.transport(), std::slice::from_ref(&target.url));
        let subject = Subject { urls, transport: &transport, ca_key: "tls_config.ca_file" };
        transport::check(&subject, &mut |name, message| wrong(&key(name), message));
        if target.discovery == Discovery::Dns && target.proxy_url.is_some() {
            let message = "set beside discovery = \"dns\", whose addresses are asked directly";
            wrong(&key("proxy_url"), message.to_owned());
        }
        if target.discovery != Discovery::None && target.instance.is_some() {
            let message = "set beside discovery, where each target is an instance of its own";
            wrong(&key("instance"), message.to_owned());
        }
        if target.discovery != Discovery::None && target.exit_file.is_some() {
            let message = "set beside discovery: one file cannot be that of several targets";
            wrong(&key("exit_file"), message.to_owned());
        }
        list(target, &key, wrong);
        // What is said for all targets is told where it stands.
        let own = Some(target.protocols()).filter(|own| settings.scrape_protocols.as_deref() != Some(own));
        if let Some(own) = own {
            protocols(own, &key("scrape_protocols"), wrong);
        }
        if target.scrape_native_histograms == Some(true)
            && !target.protocols().contains(&ScrapeProtocol::Protobuf)
        {
            let message =
                "needs PrometheusProto among scrape_protocols: no other format has native histograms";
            wrong(&key("scrape_native_histograms"), message.to_owned());
        }
        if let Some(timeout) = target.timeout.filter(|timeout| *timeout > settings.interval) {
            let message = format!(
                "{} must be at most the interval of {} ({})",
                format_duration(timeout),
                format_duration(settings.interval),
                places.of("interval")
            );
            wrong(&key("timeout"), message);
        } else if let Some(timeout) = target.timeout {
            SCRAPE.check(&key("timeout"), timeout, wrong);
        }
        relabelling(&target.metric_relabel_configs, &key("metric_relabel_configs"), places, wrong);
        limits(&target.limits, &mut |name| {
            wrong(&key(&format!("limits.{name}")), "expected more than 0: no page would pass".to_owned());
        });
    }
    for (at, textfile) in settings.textfile.0.iter().enumerate() {
        let key = |name: &str| format!("textfile[{at}].{name}");
        if textfile.path.as_os_str().is_empty() {
            wrong(&key("path"), "expected a file or a directory, got nothing".to_owned());
        }
        let before = &settings.textfile.0[..at];
        if before.iter().any(|other| other.path == textfile.path) {
            wrong(&key("path"), format!("{} is read already: give it once", textfile.path.display()));
        }
        limits(&textfile.limits, &mut |name| {
            wrong(&key(&format!("limits.{name}")), "expected more than 0: no file would pass".to_owned());
        });
    }
}

fn limits(limits: &TargetLimits, zero: &mut dyn FnMut(&str)) {
    for (name, value) in [
        ("body", limits.body.0),
        ("samples", limits.samples),
        ("labels", limits.labels),
        ("name", limits.name.0),
        ("label_value", limits.label_value.0),
    ] {
        if value == 0 {
            zero(name);
        }
    }
}

/// Where the targets are, if somebody else keeps a list.
fn list(target: &Target, key: &dyn Fn(&str) -> String, wrong: &mut Wrong<'_>) {
    let is_list = target.discovery.is_list();
    let is_star = ::url::Url::parse(&target.url).is_ok_and(|url| url.host_str() == Some("*"));
    if is_list != is_star {
        let message = if is_list {
            "expected a URL such as \"http://*/metrics\": * stands for the address of each target"
        } else {
            "the host * stands for targets of a list: set discovery to file or http"
        };
        wrong(&key("url"), message.to_owned());
    }
    if is_list != target.targets.is_some() {
        let message = if is_list {
            "targets is missing: where the list is"
        } else {
            "set without discovery = \"file\" or \"http\""
        };
        wrong(&key(if is_list { "discovery" } else { "targets" }), message.to_owned());
    }
    if let Some(list) = target.targets.as_deref().filter(|_| target.discovery == Discovery::Http) {
        url(&key("targets"), list, wrong);
    }
    if let Some(every) = target.refresh_interval {
        if is_list {
            LOOK.check(&key("refresh_interval"), every, wrong);
        } else {
            wrong(&key("refresh_interval"), "set without discovery = \"file\" or \"http\"".to_owned());
        }
    }
}

/// What is wrong with rules, each with its place.
pub(super) fn relabelling(configs: &[RelabelConfig], key: &str, places: &Places, wrong: &mut Wrong<'_>) {
    let mistakes = Rules::new(configs).err().unwrap_or_default();
    for (at, (name, message)) in mistakes {
        let (rule, setting) = (format!("{key}[{at}]"), format!("{key}[{at}].{name}"));
        // What is missing stands nowhere: the rule has to do.
        if places.of(&setting) == Place::Default {
            wrong(&rule, format!("{name}: {message}"));
        } else {
            wrong(&setting, message);
        }
    }
}
