//! Where the load goes: a URL, its addresses, and connections to it.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use bytes::Bytes;
use http::header::{HOST, USER_AGENT};
use http::{HeaderValue, Request, Uri};
use http_body_util::Empty;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::outcome::{Failure, Kind};

/// A connection that takes one request after the other.
pub(super) type Connection = SendRequest<Empty<Bytes>>;

/// A URL that was resolved once, so that names cost nothing during the run.
#[derive(Clone)]
pub struct Target {
    /// As it was given.
    pub url: String,
    path: Uri,
    host: HeaderValue,
    addresses: Vec<SocketAddr>,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl std::fmt::Debug for Target {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_tuple("Target").field(&self.url).finish()
    }
}

/// Reads a URL; an error says what is expected.
pub fn url(text: &str) -> Result<Uri, String> {
    let expected = "expected http://host[:port][/path] or https://…";
    let uri: Uri = text.parse().map_err(|error| format!("{expected}: {error}"))?;
    let authority = uri.authority().ok_or(expected)?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) || authority.host().is_empty() {
        return Err(expected.to_owned());
    }
    if authority.as_str().contains('@') {
        return Err(format!("{expected}: a user in it is not supported"));
    }
    Ok(uri)
}

impl Target {
    /// Resolves the name; `ca_file` is trusted in place of the system's authorities.
    pub async fn new(uri: &Uri, ca_file: Option<&Path>) -> anyhow::Result<Self> {
        let authority = uri.authority().context("the URL has no host")?;
        let secure = uri.scheme_str() == Some("https");
        let host = authority.host().trim_matches(['[', ']']);
        let port = authority.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let found = tokio::net::lookup_host((host, port)).await;
        let addresses: Vec<SocketAddr> = found.with_context(|| format!("no address for `{host}`"))?.collect();
        if addresses.is_empty() {
            bail!("no address for `{host}`");
        }
        let tls = if secure {
            let name = ServerName::try_from(host.to_owned())?;
            Some((TlsConnector::from(Arc::new(trust(ca_file)?)), name))
        } else {
            None
        };
        let path = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        let host = HeaderValue::from_str(authority.as_str())?;
        Ok(Self { url: uri.to_string(), path: path.parse()?, host, addresses, tls })
    }

    /// One GET.
    pub(super) fn request(&self) -> Request<Empty<Bytes>> {
        let mut request = Request::new(Empty::new());
        *request.uri_mut() = self.path.clone();
        request.headers_mut().insert(HOST, self.host.clone());
        let agent = HeaderValue::from_static(concat!("pushpull-lab/", env!("CARGO_PKG_VERSION")));
        request.headers_mut().insert(USER_AGENT, agent);
        request
    }

    /// A connection that is ready for a request.
    pub(super) async fn connect(&self) -> Result<Connection, Failure> {
        let connected = TcpStream::connect(&self.addresses[..]).await;
        let stream = connected.map_err(|error| Failure::new(Kind::Connect, &error))?;
        // Without it, small writes would wait for the other side's acknowledgement.
        let _ = stream.set_nodelay(true);
        match &self.tls {
            None => driven(stream).await,
            Some((connector, name)) => {
                let secured = connector.connect(name.clone(), stream).await;
                driven(secured.map_err(|error| Failure::new(Kind::Tls, &error))?).await
            }
        }
    }
}

async fn driven<S>(stream: S) -> Result<Connection, Failure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let shaken = handshake(TokioIo::new(stream)).await;
    let (sender, connection) = shaken.map_err(|error| Failure::of_exchange(&error, false))?;
    // Its errors come to the sender, too.
    tokio::spawn(async move { connection.await.ok() });
    Ok(sender)
}

fn trust(ca_file: Option<&Path>) -> anyhow::Result<ClientConfig> {
    service::crypto::install();
    let builder = ClientConfig::builder();
    let Some(file) = ca_file else {
        return Ok(builder.with_platform_verifier()?.with_no_client_auth());
    };
    let shown = file.display();
    let mut roots = RootCertStore::empty();
    let certificates =
        CertificateDer::pem_file_iter(file).with_context(|| format!("{shown} cannot be read"))?;
    for certificate in certificates {
        roots.add(certificate.with_context(|| format!("{shown}: expected PEM certificates"))?)?;
    }
    if roots.is_empty() {
        bail!("{shown}: expected PEM certificates, found none");
    }
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
