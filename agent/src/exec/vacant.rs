//! Where nobody answered before the app was started: whoever answers there later is the app.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use exposition::GroupingKey;
use futures_util::future::join_all;
use tokio::net::TcpStream;
use tokio::time::timeout;
use url::{Host, Url};

use crate::config::{Discovery, Settings};
use crate::identity::Identity;

/// Whoever listens on this machine takes a connection at once; the app is not kept waiting for others.
const LONGEST: Duration = Duration::from_millis(100);

/// The groups of the targets on this machine where nobody listens.
pub async fn vacant(settings: &Settings, identity: &Identity) -> BTreeSet<GroupingKey> {
    let targets = settings.scrape.0.iter().zip(&identity.targets);
    let alone = targets.filter(|(target, _)| target.discovery == Discovery::None);
    let asked = alone.map(|(target, key)| async { is_vacant(&target.url).await.then(|| key.clone()) });
    join_all(asked).await.into_iter().flatten().collect()
}

async fn is_vacant(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    let Some(port) = url.port_or_known_default() else { return false };
    let addresses: &[IpAddr] = match url.host() {
        Some(Host::Ipv4(ip)) if ip.is_loopback() => &[ip.into()],
        Some(Host::Ipv6(ip)) if ip.is_loopback() => &[ip.into()],
        Some(Host::Domain("localhost")) => {
            &[IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)]
        }
        _ => return false,
    };
    for ip in addresses {
        // No answer in time is somebody who is busy.
        if !matches!(timeout(LONGEST, TcpStream::connect((*ip, port))).await, Ok(Err(_))) {
            return false;
        }
    }
    true
}
