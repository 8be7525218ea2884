//! The connections to one URL: by which way, with which certificates and passwords.
//!
//! Files are looked at before each exchange and may change at any time. New certificates make a new
//! client, and with it new connections; where they are no good, the ones before stay.

mod clients;
mod direct;
mod files;
mod response;

use std::net::SocketAddr;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, NoProxy, Proxy};
use service::client::Tls;
use service::config::Secret;
use url::Url;

use crate::config::{self, shown};
use crate::exchange;
pub(crate) use clients::Clients;
pub(crate) use direct::Direct;
use files::{Certificates, Files};
pub(crate) use response::{Broken, Response};

/// Signs of life without an answer after which a connection is given up.
const UNANSWERED: u32 = 3;

/// One URL, and how it is connected to.
#[derive(Debug)]
pub(crate) struct Transport {
    url: String,
    settings: config::Transport,
    timeout: Duration,
    redirects: fn() -> Policy,
    address: Option<SocketAddr>,
    files: Files,
    shared: Option<Clients>,
    /// Made when it is first needed: where that fails, others go on, and it is tried again.
    made: Option<(Certificates, Client)>,
    /// What its files said when they were looked at last.
    used: Option<(Certificates, Option<Secret>)>,
    /// The same when it was not let in.
    marked: Option<(Certificates, Option<Secret>)>,
    /// What was logged last, so that it is logged once.
    said: Option<String>,
}

/// A client, and what it says who we are.
#[derive(Debug)]
pub(crate) struct Ready {
    pub(crate) client: Client,
    pub(crate) authorization: Option<HeaderValue>,
}

impl Transport {
    pub(crate) fn new(url: &str, settings: config::Transport, timeout: Duration) -> Self {
        let files = Files::of(&settings);
        let (url, redirects) = (url.to_owned(), Policy::none as fn() -> Policy);
        Self {
            url,
            settings,
            timeout,
            redirects,
            address: None,
            files,
            shared: None,
            made: None,
            used: None,
            marked: None,
            said: None,
        }
    }

    /// The same, leading where this policy and this address say.
    pub(crate) fn leading(self, redirects: fn() -> Policy, address: Option<SocketAddr>) -> Self {
        Self { redirects, address, ..self }
    }

    /// From now on with the clients of others that have the same settings.
    pub(crate) fn share(&mut self, clients: &Clients) {
        self.shared = Some(clients.clone());
    }

    /// A client with what its files say now.
    pub(crate) async fn ready(&mut self) -> Result<Ready, String> {
        let (certificates, authorization) = self.looked().await?;
        let client = match (certificates, self.made.take()) {
            (Ok(new), Some((old, client))) if new == old => {
                self.said = None;
                self.made.insert((old, client)).1.clone()
            }
            (Ok(new), before) => match (self.client(&new), before) {
                (Ok(client), before) => {
                    if before.is_some() {
                        tracing::info!(url = shown(&self.url), "new certificates are used");
                    }
                    self.made.insert((new, client)).1.clone()
                }
                (Err(message), Some(before)) => self.keep(before, message),
                (Err(message), None) => return Err(message),
            },
            (Err(message), Some(before)) => self.keep(before, message),
            (Err(message), None) => return Err(message),
        };
        Ok(Ready { client, authorization })
    }

    /// What it says who we are now, where no client is needed.
    pub(crate) async fn who(&mut self) -> Result<Option<HeaderValue>, String> {
        Ok(self.looked().await?.1)
    }

    /// What its files say now.
    async fn looked(&mut self) -> Result<(Result<Certificates, String>, Option<HeaderValue>), String> {
        let (certificates, secret) = self.files.read(self.timeout).await;
        let secret = secret?;
        self.used = certificates.as_ref().ok().map(|certificates| (certificates.clone(), secret.clone()));
        Ok((certificates, self.authorization(secret)?))
    }

    /// Whether proxies of the environment hold for it, where its settings name none.
    fn asks_environment(&self, url: &Url) -> bool {
        self.settings.proxy_from_environment && self.address.is_none() && !exchange::is_loopback(url)
    }

    /// It was not let in with what its files said at the last exchange, unless it was not before.
    pub(crate) fn mark(&mut self) {
        if self.marked.is_none() {
            self.marked.clone_from(&self.used);
        }
    }

    /// It is let in.
    pub(crate) fn unmark(&mut self) {
        self.marked = None;
    }

    /// Whether its files say something else than when it was not let in. What cannot be read does not.
    pub(crate) async fn has_changed(&mut self) -> bool {
        let (Ok(certificates), Ok(secret)) = self.files.read(self.timeout).await else { return false };
        let now = Some((certificates, secret));
        // Others are pushed meanwhile, so what was used last says nothing.
        std::mem::replace(&mut self.marked, now.clone()) != now
    }

    /// What is to be done where it is not let in.
    pub(crate) fn remedy(&self) -> String {
        let settings = &self.settings;
        match (settings.bearer_token_file.as_ref(), settings.password_file.as_ref()) {
            (Some(file), _) => format!("put the right token into the file {}", file.display()),
            (None, Some(file)) => format!("put the right password into the file {}", file.display()),
            (None, None) if settings.bearer_token.is_some() || settings.username.is_some() => {
                "set the right password or token, and reload".to_owned()
            }
            (None, None) => "set username and password_file, or bearer_token_file, and reload".to_owned(),
        }
    }

    /// By which proxy of the settings it goes, as it may be shown.
    pub(crate) fn by(&self) -> Option<String> {
        self.settings.proxy_url.as_deref().map(shown)
    }

    fn keep(&mut self, before: (Certificates, Client), message: String) -> Client {
        if self.said.as_ref() != Some(&message) {
            tracing::warn!(url = shown(&self.url), "the certificates before stay: {message}");
            self.said = Some(message);
        }
        self.made.insert(before).1.clone()
    }

    fn authorization(&self, secret: Option<Secret>) -> Result<Option<HeaderValue>, String> {
        let settings = &self.settings;
        let is_token = settings.bearer_token.is_some() || settings.bearer_token_file.is_some();
        let text = if is_token {
            let token = secret.or_else(|| settings.bearer_token.clone()).unwrap_or_default();
            format!("Bearer {}", token.expose())
        } else {
            let Some(user) = &settings.username else { return Ok(None) };
            let password = secret.or_else(|| settings.password.clone()).unwrap_or_default();
            format!("Basic {}", STANDARD.encode(format!("{user}:{}", password.expose())))
        };
        let value = HeaderValue::from_str(&text);
        let mut value = value.map_err(|_| "the bearer token holds what no header may hold".to_owned())?;
        value.set_sensitive(true);
        Ok(Some(value))
    }

    fn client(&self, certificates: &Certificates) -> Result<Client, String> {
        let url = Url::parse(&self.url).map_err(|error| format!("{}: {error}", shown(&self.url)))?;
        let Some(shared) = &self.shared else { return self.make(&url, certificates) };
        let kind = (url.scheme() == "https", exchange::is_loopback(&url));
        shared.client(kind, certificates, || self.make(&url, certificates))
    }

    fn make(&self, url: &Url, certificates: &Certificates) -> Result<Client, String> {
        let builder = service::client::builder(self.timeout, self.timeout, false);
        let mut builder = kept(builder.redirect((self.redirects)()), self.settings.keep_alive);
        if let (Some(host), Some(address)) = (url.host_str(), self.address) {
            // The name stays in the request and in TLS; only where it leads is settled.
            builder = builder.resolve(host, address);
        }
        builder = self.by_way_of(builder, url)?;
        let by_tls = self.settings.proxy_url.as_ref().is_some_and(|proxy| proxy.starts_with("https:"));
        // Without certificates of the system, what needs none works all the same.
        if url.scheme() == "https" || by_tls {
            builder = builder.tls_backend_preconfigured(self.tls(certificates)?);
        }
        builder.build().map_err(|error| self.no_client(&exchange::cause(&error)))
    }

    fn by_way_of(&self, builder: ClientBuilder, url: &Url) -> Result<ClientBuilder, String> {
        let Some(proxy) = &self.settings.proxy_url else {
            return Ok(if self.asks_environment(url) { builder } else { builder.no_proxy() });
        };
        let made = Proxy::all(proxy).map_err(|_| format!("{}: expected a proxy's URL", shown(proxy)))?;
        let except = self.settings.no_proxy.as_deref().and_then(NoProxy::from_string);
        Ok(builder.no_proxy().proxy(made.no_proxy(except)))
    }

    fn tls(&self, certificates: &Certificates) -> Result<rustls::ClientConfig, String> {
        let settings = &self.settings.tls;
        let Certificates { ca, cert, key } = certificates;
        let tls = Tls {
            ca: ca.as_deref(),
            identity: cert.as_deref().zip(key.as_deref()),
            server_name: settings.server_name.as_deref(),
            insecure_skip_verify: settings.insecure_skip_verify,
        };
        tls.config().map_err(|fault| {
            let file = match fault.setting {
                "ca_file" => settings.ca_file.as_ref(),
                "cert_file" => settings.cert_file.as_ref(),
                "key_file" => settings.key_file.as_ref(),
                _ => None,
            };
            file.map_or_else(
                || self.no_client(&fault.message),
                |file| format!("{}: {}", file.display(), fault.message),
            )
        })
    }

    /// Why no client could be made. The system's certificates are read then, and may be none.
    fn no_client(&self, why: &str) -> String {
        format!("no TLS client for {}: {why}", shown(&self.url))
    }
}

/// Connections that a NAT on the way does not forget: a sign of life in time, or an end before its time.
fn kept(builder: ClientBuilder, keep_alive: Duration) -> ClientBuilder {
    if keep_alive.is_zero() {
        return builder.pool_max_idle_per_host(0);
    }
    builder
        .tcp_keepalive(keep_alive)
        .tcp_keepalive_interval(keep_alive)
        .tcp_keepalive_retries(UNANSWERED)
        .pool_idle_timeout(keep_alive.saturating_mul(2))
}
