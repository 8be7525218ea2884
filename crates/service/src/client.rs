//! HTTP clients: bounded in time, without surprises from redirects, and working without CA files.

use std::path::Path;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Certificate, ClientBuilder};

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
        .user_agent(concat!("pushpull/", env!("CARGO_PKG_VERSION")));
    if needs_roots { builder } else { builder.tls_certs_only(std::iter::empty::<Certificate>()) }
}

/// The builder trusting the PEM certificates of a file and no others.
pub fn trusting(builder: ClientBuilder, ca_file: &Path) -> Result<ClientBuilder, String> {
    let shown = ca_file.display();
    let text = std::fs::read(ca_file).map_err(|error| format!("{shown} cannot be read: {error}"))?;
    match Certificate::from_pem_bundle(&text) {
        Ok(certificates) if certificates.is_empty() => {
            Err(format!("{shown}: expected PEM certificates, found none"))
        }
        Ok(certificates) => Ok(builder.tls_certs_only(certificates)),
        Err(error) => Err(format!("{shown}: expected PEM certificates: {error}")),
    }
}
