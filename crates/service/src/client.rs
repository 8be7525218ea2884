//! HTTP clients: bounded in time, without surprises from redirects, and working without CA files.

mod tls;

pub use tls::{Tls, TlsFault};

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Certificate, ClientBuilder};

/// Who asks.
pub const USER_AGENT: &str = concat!("pushpull/", env!("CARGO_PKG_VERSION"));

/// A builder with the defaults of this workspace.
///
/// - both timeouts are set: connecting, and the whole exchange
/// - no redirects: who wants some says which
/// - `needs_roots` false: no CA files are read, so that a client for plain HTTP also starts in an
///   image that has none
pub fn builder(connect: Duration, whole: Duration, needs_roots: bool) -> ClientBuilder {
    crate::crypto::install();
    let builder = reqwest::Client::builder()
        .connect_timeout(connect)
        .timeout(whole)
        .redirect(Policy::none())
        .tcp_nodelay(true)
        .user_agent(USER_AGENT);
    if needs_roots { builder } else { builder.tls_certs_only(std::iter::empty::<Certificate>()) }
}
