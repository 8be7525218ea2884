//! Pages to scrape.

use humantime::format_duration;
use service::config::Places;

use super::transport::{self, Subject};
use super::{Wrong, url};
use crate::config::{Discovery, Settings};

pub(super) fn check(settings: &Settings, places: &Places, wrong: &mut Wrong<'_>) {
    for (at, target) in settings.scrape.0.iter().enumerate() {
        let key = |name: &str| format!("scrape[{at}].{name}");
        url(&key("url"), &target.url, wrong);
        let (transport, urls) = (target.transport(), std::slice::from_ref(&target.url));
        let subject = Subject { urls, transport: &transport, ca_key: "tls_config.ca_file" };
        transport::check(&subject, &mut |name, message| wrong(&key(name), message));
        if target.discovery == Discovery::Dns && target.proxy_url.is_some() {
            let message = "set beside discovery = \"dns\", whose addresses are asked directly";
            wrong(&key("proxy_url"), message.to_owned());
        }
        if target.discovery == Discovery::Dns && target.instance.is_some() {
            let message = "set beside discovery = \"dns\", where each address is an instance of its own";
            wrong(&key("instance"), message.to_owned());
        }
        if let Some(timeout) = target.timeout.filter(|time| time.is_zero() || *time > settings.interval) {
            let message = format!(
                "{} must be more than 0 and at most the interval of {} ({})",
                format_duration(timeout),
                format_duration(settings.interval),
                places.of("interval")
            );
            wrong(&key("timeout"), message);
        }
        let limits = &target.limits;
        for (name, value) in [
            ("body", limits.body.0),
            ("samples", limits.samples),
            ("labels", limits.labels),
            ("name", limits.name.0),
            ("label_value", limits.label_value.0),
        ] {
            if value == 0 {
                wrong(&key(&format!("limits.{name}")), "expected more than 0: no page would pass".to_owned());
            }
        }
    }
}
