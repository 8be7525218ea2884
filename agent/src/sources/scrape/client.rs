//! The HTTP client of one target: where it may lead, and by which way.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::Client;
use reqwest::redirect::Policy;

use crate::config::{Target, shown};
use crate::exchange;

/// Clients that several targets with the same settings use, by what of their URLs matters for them.
#[derive(Debug, Clone, Default)]
pub struct Clients(Arc<Mutex<BTreeMap<(bool, bool), Client>>>);

impl Clients {
    pub(super) fn client(&self, target: &Target) -> Result<Client, reqwest::Error> {
        let url = url::Url::parse(&target.url).ok();
        let https = url.as_ref().is_some_and(|url| url.scheme() == "https");
        let kind = (https, url.as_ref().is_some_and(exchange::is_loopback));
        let mut clients = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(&kind) {
            return Ok(client.clone());
        }
        let made = client(target, None)?;
        Ok(clients.entry(kind).or_insert(made).clone())
    }
}

/// Bounded in time, and leading where the settings say.
pub(super) fn client(target: &Target, address: Option<SocketAddr>) -> Result<Client, reqwest::Error> {
    let (url, timeout) = (url::Url::parse(&target.url).ok(), target.timeout());
    let https = url.as_ref().is_some_and(|url| url.scheme() == "https");
    let mut builder = service::client::builder(timeout, timeout, https).redirect(redirects());
    if url.as_ref().is_some_and(exchange::is_loopback) {
        builder = builder.no_proxy();
    }
    let host = url.as_ref().and_then(url::Url::host_str);
    if let (Some(host), Some(address)) = (host, address) {
        // The name stays in the request and in TLS; only where it leads is settled.
        builder = builder.resolve(host, address).no_proxy();
    }
    builder.build()
}

/// At most five, and never to another host: who may be scraped is for the settings to say.
fn redirects() -> Policy {
    Policy::custom(|attempt| {
        let elsewhere =
            attempt.previous().first().is_some_and(|first| first.host_str() != attempt.url().host_str());
        if elsewhere {
            let message = format!("redirected to another host, {}", shown(attempt.url().as_str()));
            return attempt.error(message);
        }
        if attempt.previous().len() > 5 {
            attempt.error("redirected more than five times")
        } else {
            attempt.follow()
        }
    })
}
