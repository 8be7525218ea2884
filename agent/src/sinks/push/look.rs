//! Looking at a gateway without pushing, and at what a push would bring.

use std::collections::BTreeSet;
use std::time::SystemTime;

use exposition::{Page, Sheet, merge};
use reqwest::header::DATE;
use reqwest::{Method, StatusCode};
use service::negotiate;

use super::body::{self, Body};
use super::gateway::Failure;
use super::place::{self, Place};
use crate::config::{Compression, Endpoint};
use crate::snapshot::Snapshot;

/// Asked first; what is no Pushgateway may still know the second.
const HARMLESS: [&str; 2] = ["/-/ready", "/api/v1/status"];

/// What a gateway said when it was asked nothing in particular.
#[derive(Debug)]
pub(crate) struct Looked {
    pub(crate) status: StatusCode,
    /// The start of its words, where it did not say yes.
    pub(crate) words: String,
    /// The time that it is there, and the time here.
    pub(crate) clock: Option<(SystemTime, SystemTime)>,
}

/// Asks the gateway at the endpoint's `url` whether it is there, as who we are; nothing changes by it.
pub(crate) async fn look(endpoint: &Endpoint) -> Result<Looked, String> {
    let mut place = Place::new(&endpoint.url, endpoint);
    let mut looked = ask(&mut place, HARMLESS[0]).await;
    if looked.as_ref().is_ok_and(|looked| looked.status == StatusCode::NOT_FOUND) {
        looked = ask(&mut place, HARMLESS[1]).await;
    }
    looked.map_err(|failure| failure.message)
}

async fn ask(place: &mut Place, path: &str) -> Result<Looked, Failure> {
    let request = place.request(Method::GET, path).await?;
    let response = place.response(request).await?;
    let status = response.status();
    let date = place::header(&response, DATE);
    let clock = date.and_then(|date| httpdate::parse_http_date(date).ok()).map(|it| (it, SystemTime::now()));
    let words = if status.is_success() { String::new() } else { place::words(response).await };
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
        let Body { text, left_out, first } = body::body(snapshot, &Page::empty(), &BTreeSet::new());
        let samples: usize = snapshot.pages.iter().map(Sheet::sample_count).sum();
        let packed = match compression {
            Compression::Gzip => negotiate::gzip(&text).len(),
            Compression::None => text.len(),
        };
        Self {
            families: merge::families(snapshot.written(0).iter().map(AsRef::as_ref)).len(),
            samples: samples - left_out,
            bytes: text.len(),
            packed,
            left_out: first.map(|first| (left_out, first)),
        }
    }
}
