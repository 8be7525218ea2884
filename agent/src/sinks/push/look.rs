//! Looking at a gateway without pushing, and at what a push would bring.

use std::time::SystemTime;

use exposition::merge;
use reqwest::header::DATE;
use service::negotiate;

use super::body::{self, Body};
use super::gateway::{self, Gateway};
use crate::config::{Compression, Endpoint};
use crate::snapshot::Snapshot;

/// Asked first; what is no Pushgateway may still know the second.
const HARMLESS: [&str; 2] = ["/-/ready", "/api/v1/status"];

/// What a gateway said when it was asked nothing in particular.
#[derive(Debug)]
pub(crate) struct Looked {
    pub(crate) status: reqwest::StatusCode,
    /// The start of its words, where it did not say yes.
    pub(crate) words: String,
    /// The time that it is there, and the time here.
    pub(crate) clock: Option<(SystemTime, SystemTime)>,
}

/// Asks a gateway whether it is there, as who we are; nothing changes by it.
pub(crate) async fn look(endpoint: &Endpoint) -> Result<Looked, String> {
    let mut gateway = Gateway::new(endpoint);
    let mut looked = ask(&mut gateway, endpoint, HARMLESS[0]).await?;
    if looked.status == reqwest::StatusCode::NOT_FOUND {
        looked = ask(&mut gateway, endpoint, HARMLESS[1]).await?;
    }
    Ok(looked)
}

async fn ask(gateway: &mut Gateway, endpoint: &Endpoint, path: &str) -> Result<Looked, String> {
    let url = format!("{}{path}", endpoint.url.trim_end_matches('/'));
    let request = gateway.client().map_err(|failure| failure.message)?.get(url);
    let response = gateway.authorized(request)?.send().await;
    let response = response.map_err(|error| gateway.failed(&error).message)?;
    let status = response.status();
    let date = response.headers().get(DATE).and_then(|date| date.to_str().ok());
    let clock = date.and_then(|date| httpdate::parse_http_date(date).ok()).map(|it| (it, SystemTime::now()));
    let words = if status.is_success() { String::new() } else { gateway::words(response).await };
    Ok(Looked { status, words, clock })
}

/// What one push of a snapshot would bring.
#[derive(Debug)]
pub(crate) struct Weight {
    pub(crate) families: usize,
    pub(crate) samples: usize,
    /// As text.
    pub(crate) bytes: usize,
    /// As it would be sent.
    pub(crate) packed: usize,
    /// Samples that differ from others in labels of the group alone, and the first of them.
    pub(crate) left_out: Option<(usize, String)>,
}

impl Weight {
    pub(crate) fn of(snapshot: &Snapshot, compression: Compression) -> Self {
        let Body { text, left_out, first } = body::body(snapshot);
        let samples: usize = snapshot.pages.iter().map(exposition::Page::sample_count).sum();
        let packed = match compression {
            Compression::Gzip => negotiate::gzip(&text).len(),
            Compression::None => text.len(),
        };
        Self {
            families: merge::families(&snapshot.pages).len(),
            samples: samples - left_out,
            bytes: text.len(),
            packed,
            left_out: first.map(|first| (left_out, first)),
        }
    }
}
