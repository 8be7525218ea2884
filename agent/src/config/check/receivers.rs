//! Receivers of remote write.

use exposition::name::is_label_name;
use http::{HeaderName, HeaderValue};
use service::config::Places;
use url::Url;

use super::durations::{BATCH, KEPT, LOOK, PAUSE, WAIT};
use super::targets::relabelling;
use super::transport::{self, Subject};
use super::{Wrong, url};
use crate::config::{Fsync, RemoteWrite, Settings, Spool};
use crate::spool::MIN_BYTES;

/// What a request must say itself, and settings have another place for (specification 2.0, "Required
/// Headers": users must not be able to replace them).
const RESERVED: &[&str] = &[
    "content-encoding",
    "content-type",
    "user-agent",
    "x-prometheus-remote-write-version",
    "x-victoriametrics-remote-write-version",
    "content-length",
    "transfer-encoding",
    "connection",
    "host",
    "accept-encoding",
    "expect",
];

pub(super) fn check(settings: &Settings, places: &Places, wrong: &mut Wrong<'_>) {
    let mut seen: Vec<Url> = Vec::new();
    for (at, receiver) in settings.remote_write.0.iter().enumerate() {
        let key = |name: &str| format!("remote_write[{at}].{name}");
        if let Some(mut url) = url(&key("url"), &receiver.url, wrong) {
            if url.path().trim_matches('/').is_empty() {
                let message = "has no path: it is the whole URL, such as http://127.0.0.1:9090/api/v1/write";
                wrong(&key("url"), message.to_owned());
            }
            // Only URLs without a host refuse these.
            let _ = (url.set_username(""), url.set_password(None));
            if seen.contains(&url) {
                let shown = super::shown(url.as_str());
                wrong(&key("url"), format!("{shown} is written to already: give it once"));
            }
            seen.push(url);
        }
        let subject = Subject {
            urls: std::slice::from_ref(&receiver.url),
            transport: &receiver.transport(),
            ca_key: "tls_config.ca_file",
        };
        transport::check(&subject, &mut |name, message| wrong(&key(name), message));
        headers(receiver, &mut |name, message| wrong(&key(name), message));
        relabelling(&receiver.write_relabel_configs, &key("write_relabel_configs"), places, wrong);
        bounds(receiver, &mut |name, message| wrong(&key(name), message));
        let before = settings.remote_write.0[..at].iter().filter_map(|other| other.spool.dir.as_ref());
        let mut before = before;
        if let Some(dir) = receiver.spool.dir.as_ref().filter(|dir| before.any(|other| other == *dir)) {
            let message =
                format!("{} is another receiver's: give each a directory of its own", dir.display());
            wrong(&key("spool.dir"), message);
        }
    }
}

fn headers(receiver: &RemoteWrite, wrong: &mut Wrong<'_>) {
    for (name, value) in &receiver.headers {
        let key = format!("headers.{name}");
        let lower = name.to_ascii_lowercase();
        if lower == "authorization" {
            wrong(&key, "set username and password, or bearer_token, instead".to_owned());
        } else if RESERVED.contains(&lower.as_str()) {
            wrong(&key, "cannot be set: remote write says what stands in it".to_owned());
        } else if HeaderName::from_bytes(name.as_bytes()).is_err() {
            wrong(&key, format!("expected the name of a header, got \"{name}\""));
        } else if HeaderValue::from_str(value.expose()).is_err() {
            // Not shown: it may be a secret.
            wrong(&key, "holds what no header may hold, such as the end of a line".to_owned());
        }
    }
    for (name, value) in &receiver.external_labels {
        let key = format!("external_labels.{name}");
        if !is_label_name(name) || name.starts_with("__") {
            wrong(&key, format!("expected the name of a label that does not begin with __, got \"{name}\""));
        }
        if value.is_empty() {
            wrong(&key, "expected a value: an empty label is none".to_owned());
        }
    }
}

fn bounds(receiver: &RemoteWrite, wrong: &mut Wrong<'_>) {
    WAIT.check("timeout", receiver.timeout, wrong);
    PAUSE.check("min_backoff", receiver.min_backoff, wrong);
    PAUSE.check("max_backoff", receiver.max_backoff, wrong);
    WAIT.check("max_retry_after", receiver.max_retry_after, wrong);
    LOOK.check("metadata_interval", receiver.metadata_interval, wrong);
    KEPT.check("spool.max_age", receiver.spool.max_age, wrong);
    BATCH.check("batch_deadline", receiver.batch_deadline, wrong);
    if receiver.min_backoff > receiver.max_backoff {
        wrong("min_backoff", "is longer than max_backoff".to_owned());
    }
    if !(1..=1_000_000).contains(&receiver.max_samples_per_send) {
        wrong("max_samples_per_send", "expected a whole number from 1 to 1000000".to_owned());
    }
    let (shards, most) = (receiver.shards, RemoteWrite::MOST_SHARDS);
    if !(1..=most).contains(&shards.min) || !(shards.min..=most).contains(&shards.max) {
        wrong("shards", format!("expected 1 <= min <= max <= {most}, got {} and {}", shards.min, shards.max));
    }
    spool(&receiver.spool, wrong);
}

fn spool(spool: &Spool, wrong: &mut Wrong<'_>) {
    let least = if spool.dir.is_some() { MIN_BYTES } else { 64 << 10 };
    if (spool.max_bytes.0 as u64) < least {
        let message = format!("expected at least {} KiB, got {}", least >> 10, spool.max_bytes);
        wrong("spool.max_bytes", message);
    }
    if spool.dir.as_ref().is_some_and(|dir| dir.as_os_str().is_empty()) {
        wrong("spool.dir", "expected a directory, got nothing".to_owned());
    }
    if let Some(file) = spool.dir.as_ref().filter(|dir| dir.is_file()) {
        wrong("spool.dir", format!("expected a directory, got the file {}", file.display()));
    }
    if let Fsync::Every(every) = spool.fsync {
        WAIT.check("spool.fsync", every, wrong);
    }
}
