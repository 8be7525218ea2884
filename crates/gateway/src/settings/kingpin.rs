//! What kingpin, which reads the real one's flags, takes and clap does not.

use std::collections::BTreeMap;
use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{ArgAction, ArgMatches, Command, CommandFactory, FromArgMatches};

use super::Settings;

impl Settings {
    /// Reads a command line: `--flag value` and `--flag=value`, and `--no-flag` of what is on or off.
    ///
    /// # Errors
    /// A flag is wrong; what it says names it and what was expected.
    pub fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let mut command = Self::command();
        let arguments = without_negations(&command, arguments);
        let matches = command.try_get_matches_from_mut(arguments)?;
        let mut settings = Self::from_arg_matches(&matches)?;
        settings.flags = as_text(&command, &matches);
        // The real one shows what it computed, too.
        settings.flags.insert("web.route-prefix".to_owned(), settings.web.prefix());
        Ok(settings)
    }

    /// What a mistake that only shows later says, in the form of all others.
    pub fn mistake(message: &str) -> clap::Error {
        Self::command().error(ErrorKind::ValueValidation, message)
    }
}

/// `--no-flag` takes back a `--flag` before it; off is the default of all of them.
fn without_negations(command: &Command, arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let switches: Vec<String> = command
        .get_arguments()
        .filter(|flag| matches!(flag.get_action(), ArgAction::SetTrue))
        .filter_map(|flag| flag.get_long().map(str::to_owned))
        .collect();
    let mut kept: Vec<OsString> = Vec::new();
    for argument in arguments {
        let negated = argument.to_str().and_then(|text| text.strip_prefix("--no-"));
        match negated.filter(|name| switches.iter().any(|switch| switch == name)) {
            Some(name) => {
                let positive = format!("--{name}");
                kept.retain(|before| *before != *positive);
            }
            None => kept.push(argument),
        }
    }
    kept
}

/// Each flag as it was given, or its default.
fn as_text(command: &Command, matches: &ArgMatches) -> BTreeMap<String, String> {
    let mut flags = BTreeMap::new();
    for flag in command.get_arguments() {
        let Some(long) = flag.get_long().filter(|long| !["help", "health", "version"].contains(long)) else {
            continue;
        };
        let id = flag.get_id().as_str();
        let text = if matches!(flag.get_action(), ArgAction::SetTrue) {
            matches.get_flag(id).to_string()
        } else {
            let values = matches.get_raw(id).into_iter().flatten();
            values.map(|value| value.to_string_lossy()).collect::<Vec<_>>().join(",")
        };
        flags.insert(long.to_owned(), text);
    }
    flags
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> Result<Settings, clap::Error> {
        Settings::read(std::iter::once(&"gateway").chain(arguments).map(OsString::from))
    }

    #[test]
    fn command_lines_of_the_real_one_are_taken() {
        let settings = read(&[
            "--web.listen-address",
            "127.0.0.1:1",
            "--web.listen-address=127.0.0.1:2",
            "--web.config.file=",
            "--web.enable-lifecycle",
            "--no-web.enable-lifecycle",
            "--no-web.systemd-socket",
            "--web.enable-admin-api",
            "--web.external-url=http://push.example/a/",
            "--push.disable-consistency-check",
            "--web.local-assets=/usr/share/prometheus/pushgateway",
            "--log.level=warn",
            "--log.format",
            "json",
        ])
        .unwrap();
        assert_eq!(settings.listen.len(), 2);
        assert!(settings.admin_api && !settings.lifecycle && settings.unchecked);
        for (name, want) in [
            ("web.listen-address", "127.0.0.1:1,127.0.0.1:2"),
            ("web.enable-admin-api", "true"),
            ("web.enable-lifecycle", "false"),
            ("web.route-prefix", "/a"),
            ("web.external-url", "http://push.example/a/"),
            ("web.telemetry-path", "/metrics"),
            ("log.format", "json"),
            ("limit.body", "16MiB"),
        ] {
            assert_eq!(settings.flags[name], want, "{name}");
        }
        assert!(!settings.flags.contains_key("health"));
    }

    #[test]
    fn a_bound_that_lets_nothing_in_is_a_mistake() {
        for flag in ["groups", "push-series", "group-series", "stored-bytes", "body", "connections"] {
            let flag = format!("--limit.{flag}=0");
            assert!(read(&[&flag]).unwrap_err().to_string().contains("got `0`"), "{flag}");
        }
    }

    #[test]
    fn what_is_no_switch_has_no_negation() {
        for wrong in ["--no-web.telemetry-path", "--no-nonsense", "--web.enable-lifecycle=true", "word"] {
            assert!(
                read(&[wrong]).unwrap_err().to_string().contains(wrong.split('=').next().unwrap()),
                "{wrong}"
            );
        }
    }
}
