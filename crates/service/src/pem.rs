//! Certificates and keys as PEM.

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// All certificates of a file, at least one.
pub(crate) fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match found {
        Ok(found) if found.is_empty() => Err("expected PEM certificates, found none".to_owned()),
        Ok(found) => Ok(found),
        Err(error) => Err(format!("expected PEM certificates: {error}")),
    }
}

/// The first private key of a file. What it holds instead is not told: it may be one.
pub(crate) fn key(pem: &[u8]) -> Result<PrivateKeyDer<'static>, String> {
    PrivateKeyDer::from_pem_slice(pem).map_err(|error| format!("expected a PEM private key: {error}"))
}
