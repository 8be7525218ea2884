//! TLS and users of a listener, in the file format of Prometheus' own programs (exporter-toolkit's
//! `--web.config.file`), read again when the file or one that it names changes.
//!
//! Not supported, and refused by name: cipher suites and curves, and client certificates that nobody
//! verifies. HTTP is 1.1, whatever `http2` says.

mod headers;
mod logins;
mod reload;
mod users;
mod written;

pub use reload::Web;
pub(crate) use users::{Users, Who};

use std::path::PathBuf;

use http::HeaderMap;
use thiserror::Error;
use tokio_rustls::TlsAcceptor;

/// What is wrong with a web configuration: the file at fault, and how.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}{reason}", path.as_ref().map(|path| format!("{}: ", path.display())).unwrap_or_default())]
pub struct WebError {
    path: Option<PathBuf>,
    reason: String,
}

/// Whether a browser says that another site's page sent this, with the password that the browser knows. No
/// program says so; a page must not end or delay the server of whoever looks at it (Fetch Metadata, section 2.4).
pub fn is_from_another_site(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_some_and(|from| from == "cross-site" || from == "same-site")
}

/// A configuration in effect.
#[derive(Clone)]
pub(crate) struct State {
    pub(crate) acceptor: Option<TlsAcceptor>,
    pub(crate) users: Users,
    headers: HeaderMap,
}

impl State {
    /// Adds the headers that all answers carry, but for those that an answer sets itself.
    pub(crate) fn add_headers(&self, to: &mut HeaderMap) {
        for (name, value) in &self.headers {
            if !to.contains_key(name) {
                to.insert(name, value.clone());
            }
        }
    }
}
