//! The file as it is written.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion, version};
use serde::Deserialize;
use tokio_rustls::TlsAcceptor;

use super::{State, Users, WebError, headers};
use crate::{apart, pem};

/// All bytes that a configuration is made of: the file, and those that it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Contents {
    written: Written,
    files: Vec<(PathBuf, Vec<u8>)>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Written {
    tls_server_config: Option<Tls>,
    http_server_config: Http,
    basic_auth_users: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Http {
    /// Go's servers offer HTTP/2 where this is true or left out; clients of theirs speak 1.1 as well.
    #[serde(rename = "http2")]
    _http2: Option<bool>,
    headers: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tls {
    cert_file: PathBuf,
    key_file: PathBuf,
    #[serde(default)]
    client_auth_type: ClientAuth,
    client_ca_file: Option<PathBuf>,
    #[serde(default)]
    min_version: Version,
    #[serde(default = "newest")]
    max_version: Version,
    /// Go has not looked at this since 1.17; many files have it.
    #[serde(default, rename = "prefer_server_cipher_suites")]
    _prefer: Option<bool>,
}

/// Go's names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
enum ClientAuth {
    #[default]
    NoClientCert,
    VerifyClientCertIfGiven,
    RequireAndVerifyClientCert,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Deserialize)]
enum Version {
    #[default]
    #[serde(rename = "TLS12")]
    Tls12,
    #[serde(rename = "TLS13")]
    Tls13,
}

fn newest() -> Version {
    Version::Tls13
}

/// Reads the file and all that it names; paths in it are relative to its folder.
pub(super) fn read(path: &Path) -> Result<Contents, WebError> {
    let wrong = |reason: String| WebError { path: Some(path.to_owned()), reason };
    let bytes = read_one(path)?;
    let text = std::str::from_utf8(&bytes).map_err(|error| wrong(format!("expected UTF-8: {error}")))?;
    // An empty file asks for nothing, as with exporter-toolkit.
    let written: Option<Written> = serde_saphyr::from_str(text).map_err(|error| wrong(first_line(&error)))?;
    let mut contents = Contents { written: written.unwrap_or_default(), files: Vec::new() };
    if let Some(tls) = &contents.written.tls_server_config {
        let folder = path.parent().unwrap_or(Path::new(""));
        for file in
            [Some(&tls.cert_file), Some(&tls.key_file), tls.client_ca_file.as_ref()].into_iter().flatten()
        {
            let file = folder.join(file);
            let bytes = read_one(&file)?;
            contents.files.push((file, bytes));
        }
    }
    Ok(contents)
}

fn read_one(path: &Path) -> Result<Vec<u8>, WebError> {
    apart::read(path).map_err(|reason| WebError { path: None, reason })
}

/// The place and the cause; what follows shows lines of the file, in which there are hashes.
fn first_line(error: &serde_saphyr::Error) -> String {
    let text = error.to_string();
    text.lines().next().unwrap_or_default().to_owned()
}

impl Contents {
    /// The configuration that it asks for.
    pub(super) fn state(&self, path: &Path) -> Result<State, WebError> {
        let wrong = |reason: String| WebError { path: Some(path.to_owned()), reason };
        let users = Users::new(self.written.basic_auth_users.clone()).map_err(wrong)?;
        let headers = headers::read(&self.written.http_server_config.headers).map_err(wrong)?;
        let acceptor =
            self.written.tls_server_config.as_ref().map(|tls| self.acceptor(path, tls)).transpose()?;
        Ok(State { acceptor, users, headers })
    }

    fn acceptor(&self, path: &Path, tls: &Tls) -> Result<TlsAcceptor, WebError> {
        crate::crypto::install();
        let whole = |reason: String| WebError { path: Some(path.to_owned()), reason };
        let (Some((cert_file, cert)), Some((key_file, key))) = (self.files.first(), self.files.get(1)) else {
            return Err(whole("tls_server_config: expected cert_file and key_file".to_owned()));
        };
        let of = |file: &PathBuf| {
            let path = Some(file.clone());
            move |reason| WebError { path, reason }
        };
        let versions: &[&SupportedProtocolVersion] = match (tls.min_version, tls.max_version) {
            (Version::Tls12, Version::Tls13) => &[&version::TLS13, &version::TLS12],
            (Version::Tls12, Version::Tls12) => &[&version::TLS12],
            (Version::Tls13, Version::Tls13) => &[&version::TLS13],
            (Version::Tls13, Version::Tls12) => {
                return Err(whole("tls_server_config: max_version is below min_version".to_owned()));
            }
        };
        let builder = ServerConfig::builder_with_protocol_versions(versions);
        let asked = tls.client_auth_type;
        let builder = match (asked, self.files.get(2)) {
            (ClientAuth::NoClientCert, None) => builder.with_no_client_auth(),
            (ClientAuth::NoClientCert, Some(_)) => {
                return Err(whole("client_ca_file: set without a client_auth_type that verifies".to_owned()));
            }
            (_, None) => return Err(whole(format!("client_auth_type: {asked:?} needs a client_ca_file"))),
            (_, Some((ca_file, ca))) => {
                let mut roots = RootCertStore::empty();
                for certificate in pem::certificates(ca).map_err(of(ca_file))? {
                    roots.add(certificate).map_err(|error| of(ca_file)(error.to_string()))?;
                }
                let verifier = WebPkiClientVerifier::builder(Arc::new(roots));
                let optional = asked == ClientAuth::VerifyClientCertIfGiven;
                let verifier = if optional { verifier.allow_unauthenticated() } else { verifier };
                builder.with_client_cert_verifier(
                    verifier.build().map_err(|error| of(ca_file)(error.to_string()))?,
                )
            }
        };
        let chain = pem::certificates(cert).map_err(of(cert_file))?;
        let key = pem::key(key).map_err(of(key_file))?;
        let no_pair = |error| of(key_file)(format!("is no pair with {}: {error}", cert_file.display()));
        Ok(TlsAcceptor::from(Arc::new(builder.with_single_cert(chain, key).map_err(no_pair)?)))
    }
}
