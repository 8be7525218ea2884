//! Pages to scrape, and files to read.

use humantime::format_duration;
use service::config::Places;

use super::{Wrong, url};
use crate::config::{Discovery, Settings, TargetLimits};

pub(super) fn check(settings: &Settings, places: &Places, wrong: &mut Wrong<'_>) {
    for (at, target) in settings.scrape.0.iter().enumerate() {
        let key = |name: &str| format!("scrape[{at}].{name}");
        url(&key("url"), &target.url, wrong);
        if target.discovery == Discovery::Dns && target.instance.is_some() {
            let message = "set beside discovery = \"dns\", where each address is an instance of its own";
            wrong(&key("instance"), message.to_owned());
        }
        if target.discovery == Discovery::Dns && target.exit_file.is_some() {
            let message = "set beside discovery = \"dns\": one file cannot be that of several targets";
            wrong(&key("exit_file"), message.to_owned());
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
