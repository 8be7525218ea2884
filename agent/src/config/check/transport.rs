//! How gateways and targets are connected to: what does not go together, and files that are no good.

use std::path::Path;
use std::time::Duration;

use http::HeaderValue;
use service::apart;
use service::client::Tls;
use service::config::Secret;
use url::Url;

use super::Wrong;
use super::durations::SILENCE;
use crate::config::{Transport, shown};

/// How long a file may take to be read at the start.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) struct Subject<'a> {
    pub(super) urls: &'a [String],
    pub(super) transport: &'a Transport,
    /// Under which key the certificates to trust were given.
    pub(super) ca_key: &'static str,
}

pub(super) fn check(subject: &Subject<'_>, wrong: &mut Wrong<'_>) {
    let transport = subject.transport;
    credentials(subject, wrong);
    certificates(subject, wrong);
    if let Some(proxy) = &transport.proxy_url {
        let good = Url::parse(proxy).is_ok_and(|url| {
            matches!(url.scheme(), "http" | "https" | "socks5" | "socks5h") && url.has_host()
        });
        if !good {
            let expected = "expected a proxy such as http://user:password@host:3128 or socks5h://host:1080";
            wrong("proxy_url", format!("{expected}, got \"{}\"", shown(proxy)));
        }
    } else if transport.no_proxy.is_some() {
        wrong("no_proxy", "set without proxy_url; the environment has a NO_PROXY of its own".to_owned());
    }
    let keep_alive = transport.keep_alive;
    if !keep_alive.is_zero() {
        SILENCE.check("keep_alive", keep_alive, &mut |name, message| {
            wrong(name, format!("{message}; 0s keeps none"));
        });
    }
}

/// One way to say who we are, and files that are there.
fn credentials(subject: &Subject<'_>, wrong: &mut Wrong<'_>) {
    let Subject { transport, urls, .. } = subject;
    let password = transport.password.is_some() || transport.password_file.is_some();
    let token = transport.bearer_token.is_some() || transport.bearer_token_file.is_some();
    let names_user = |url: &Url| !url.username().is_empty() || url.password().is_some();
    let in_url = urls.iter().any(|url| Url::parse(url).is_ok_and(|url| names_user(&url)));
    if transport.password.is_some() && transport.password_file.is_some() {
        wrong("password_file", "set beside password: give one of them".to_owned());
    }
    let is_good = |token: &Secret| HeaderValue::from_str(token.expose()).is_ok();
    if transport.bearer_token.as_ref().is_some_and(|token| !is_good(token)) {
        // Not shown: it is a secret.
        wrong("bearer_token", "holds what no header may hold, such as the end of a line".to_owned());
    }
    if transport.bearer_token.is_some() && transport.bearer_token_file.is_some() {
        wrong("bearer_token_file", "set beside bearer_token: give one of them".to_owned());
    }
    if password && transport.username.is_none() {
        let name = if transport.password.is_some() { "password" } else { "password_file" };
        wrong(name, "set without username".to_owned());
    }
    if transport.username.is_some() && (token || in_url) {
        let beside = if token { "a bearer token" } else { "the one in url" };
        wrong("username", format!("set beside {beside}: give one of them"));
    } else if token && in_url {
        let name = if transport.bearer_token.is_some() { "bearer_token" } else { "bearer_token_file" };
        wrong(name, "set beside the user in url: give one of them".to_owned());
    }
    for (name, file) in
        [("password_file", &transport.password_file), ("bearer_token_file", &transport.bearer_token_file)]
    {
        if let Some(Err(message)) = file.as_deref().map(read) {
            wrong(name, message);
        }
    }
}

fn certificates(subject: &Subject<'_>, wrong: &mut Wrong<'_>) {
    let tls = &subject.transport.tls;
    let [ca, cert, key] = [
        (subject.ca_key, &tls.ca_file),
        ("tls_config.cert_file", &tls.cert_file),
        ("tls_config.key_file", &tls.key_file),
    ]
    .map(|(name, file)| match file.as_deref().map(read) {
        Some(Err(message)) => {
            wrong(name, message);
            None
        }
        Some(Ok(bytes)) => Some(bytes),
        None => None,
    });
    if tls.cert_file.is_some() != tls.key_file.is_some() {
        let (name, other) =
            if tls.cert_file.is_some() { ("cert_file", "key_file") } else { ("key_file", "cert_file") };
        wrong(&format!("tls_config.{name}"), format!("set without {other}"));
    }
    if tls.insecure_skip_verify && (tls.ca_file.is_some() || tls.server_name.is_some()) {
        let message = "set beside ca_file or server_name, which then verify nothing: give one of them";
        wrong("tls_config.insecure_skip_verify", message.to_owned());
    }
    let parts = Tls {
        ca: ca.as_deref(),
        identity: cert.as_deref().zip(key.as_deref()),
        server_name: tls.server_name.as_deref(),
        // The system's certificates are a matter of where it runs, not of its settings.
        insecure_skip_verify: ca.is_none(),
    };
    let Err(fault) = parts.config() else { return };
    let file = |file: Option<&Path>| file.map_or(String::new(), |file| format!("{}: ", file.display()));
    let (name, file) = match fault.setting {
        "cert_file" => ("tls_config.cert_file", file(tls.cert_file.as_deref())),
        "key_file" => ("tls_config.key_file", file(tls.key_file.as_deref())),
        "server_name" => ("tls_config.server_name", String::new()),
        _ => (subject.ca_key, file(tls.ca_file.as_deref())),
    };
    wrong(name, format!("{file}{}", fault.message));
}

fn read(file: &Path) -> Result<Vec<u8>, String> {
    let owned = file.to_owned();
    let read = apart::once(PATIENCE, move || apart::read(&owned));
    read.unwrap_or_else(|error| Err(format!("{} cannot be read: {error}", file.display())))
}
