//! Certificates for a server.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tokio_rustls::TlsAcceptor;

use crate::pem;

/// Where a server's certificate and key are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsSettings {
    /// PEM file with the certificate chain, the server's own first.
    pub cert_file: PathBuf,
    /// PEM file with the private key.
    pub key_file: PathBuf,
}

/// Why TLS cannot be served.
#[derive(Debug, Error)]
pub enum TlsError {
    /// A file cannot be read or holds something else.
    #[error("{path}: {reason}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Certificate and key are no pair.
    #[error("{cert} and {key} are no pair: {reason}")]
    Pair {
        /// The certificate's file.
        cert: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// What rustls says.
        reason: rustls::Error,
    },
}

impl TlsError {
    /// The setting that names the file at fault: `cert_file` or `key_file`.
    pub fn setting(&self, settings: &TlsSettings) -> &'static str {
        match self {
            Self::File { path, .. } if *path == settings.key_file => "key_file",
            Self::File { .. } => "cert_file",
            Self::Pair { .. } => "key_file",
        }
    }
}

impl TlsSettings {
    /// Reads both files to see whether they can be served with.
    pub fn check(&self) -> Result<(), TlsError> {
        self.acceptor().map(drop)
    }

    /// Reads both files.
    pub(super) fn acceptor(&self) -> Result<TlsAcceptor, TlsError> {
        crate::crypto::install();
        let wrong = |path: &Path, reason: String| TlsError::File { path: path.to_owned(), reason };
        let read = |path: &Path| {
            std::fs::read(path).map_err(|error| wrong(path, format!("cannot be read: {error}")))
        };
        let chain = pem::certificates(&read(&self.cert_file)?);
        let chain = chain.map_err(|reason| wrong(&self.cert_file, reason))?;
        let key = pem::key(&read(&self.key_file)?).map_err(|reason| wrong(&self.key_file, reason))?;
        let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key);
        let config = config.map_err(|reason| TlsError::Pair {
            cert: self.cert_file.clone(),
            key: self.key_file.clone(),
            reason,
        })?;
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}
