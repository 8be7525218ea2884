//! TLS of a client: whom it trusts, by which name, and who it says it is.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme,
};

use crate::pem;

/// What a client's TLS is made of. Nothing set: the system's certificates, the URL's name, no certificate.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tls<'a> {
    /// PEM certificates to trust instead of the system's.
    pub ca: Option<&'a [u8]>,
    /// PEM certificate chain and private key of the client.
    pub identity: Option<(&'a [u8], &'a [u8])>,
    /// The name that the server's certificate must have, where it is not the URL's host. What the server
    /// is asked for (SNI) stays the URL's host.
    pub server_name: Option<&'a str>,
    /// Whether any certificate of the server will do.
    pub insecure_skip_verify: bool,
}

/// The part that is wrong, by Prometheus' name of the setting, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFault {
    /// `ca_file`, `cert_file`, `key_file`, `server_name`, or empty: the system's certificates.
    pub setting: &'static str,
    /// What is wrong with it.
    pub message: String,
}

impl Tls<'_> {
    /// A configuration for `reqwest::ClientBuilder::tls_backend_preconfigured`.
    pub fn config(&self) -> Result<ClientConfig, TlsFault> {
        crate::crypto::install();
        let wrong = |setting: &'static str| move |message: String| TlsFault { setting, message };
        let builder = ClientConfig::builder();
        let provider = Arc::clone(builder.crypto_provider());
        let mut verifier = self.verifier(provider)?;
        if let Some(name) = self.server_name {
            let name = ServerName::try_from(name.to_owned()).map_err(|_| {
                wrong("server_name")(format!("expected a host's name or address, got \"{name}\""))
            })?;
            verifier = Arc::new(Named { name, inner: verifier });
        }
        let builder = builder.dangerous().with_custom_certificate_verifier(verifier);
        let Some((chain, key)) = self.identity else { return Ok(builder.with_no_client_auth()) };
        let chain = pem::certificates(chain).map_err(wrong("cert_file"))?;
        let key = pem::key(key).map_err(wrong("key_file"))?;
        let no_pair = |error| wrong("key_file")(format!("is no pair with cert_file: {error}"));
        builder.with_client_auth_cert(chain, key).map_err(no_pair)
    }

    fn verifier(&self, provider: Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>, TlsFault> {
        if self.insecure_skip_verify {
            return Ok(Arc::new(Anyone(provider)));
        }
        let Some(ca) = self.ca else {
            let system = rustls_platform_verifier::Verifier::new(provider)
                .map_err(|error| TlsFault { setting: "", message: error.to_string() })?;
            return Ok(Arc::new(system));
        };
        let wrong = |message| TlsFault { setting: "ca_file", message };
        let mut roots = RootCertStore::empty();
        let trusted = pem::certificates(ca).map_err(wrong)?;
        for certificate in &trusted {
            roots
                .add(certificate.clone())
                .map_err(|error| wrong(format!("holds no certificate to trust: {error}")))?;
        }
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build();
        let inner = verifier.map_err(|error| wrong(error.to_string()))?;
        Ok(Arc::new(Pinned { trusted, inner }))
    }
}

/// The rest of a verifier is the same for both: signatures are checked as ever.
macro_rules! signatures {
    ($self:ident, $tls12:expr, $tls13:expr, $schemes:expr) => {
        fn verify_tls12_signature(
            &$self,
            message: &[u8],
            certificate: &CertificateDer<'_>,
            signed: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            $tls12(message, certificate, signed)
        }

        fn verify_tls13_signature(
            &$self,
            message: &[u8],
            certificate: &CertificateDer<'_>,
            signed: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            $tls13(message, certificate, signed)
        }

        fn supported_verify_schemes(&$self) -> Vec<SignatureScheme> {
            $schemes
        }
    };
}

/// Asks for another name than the URL's.
#[derive(Debug)]
struct Named {
    name: ServerName<'static>,
    inner: Arc<dyn ServerCertVerifier>,
}

impl ServerCertVerifier for Named {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.inner.verify_server_cert(end_entity, intermediates, &self.name, ocsp, now)
    }

    signatures! {
        self,
        |message, certificate, signed| self.inner.verify_tls12_signature(message, certificate, signed),
        |message, certificate, signed| self.inner.verify_tls13_signature(message, certificate, signed),
        self.inner.supported_verify_schemes()
    }
}

/// Takes a server's certificate that is itself one of those that are trusted, as curl and Go do, though it says
/// that it is an authority's: what `openssl req -x509` makes.
#[derive(Debug)]
struct Pinned {
    trusted: Vec<CertificateDer<'static>>,
    inner: Arc<WebPkiServerVerifier>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self.inner.verify_server_cert(end_entity, intermediates, name, ocsp, now);
        match verified {
            // webpki says so only of one that is valid now; its name is not looked at before.
            Err(error) if is_authority(&error) && self.trusted.iter().any(|one| one == end_entity) => {
                verify_server_name(&ParsedCertificate::try_from(end_entity)?, name)?;
                Ok(ServerCertVerified::assertion())
            }
            verified => verified,
        }
    }

    signatures! {
        self,
        |message, certificate, signed| self.inner.verify_tls12_signature(message, certificate, signed),
        |message, certificate, signed| self.inner.verify_tls13_signature(message, certificate, signed),
        self.inner.supported_verify_schemes()
    }
}

/// An authority's certificate is shown as a server's: `webpki::Error::CaUsedAsEndEntity`.
fn is_authority(error: &Error) -> bool {
    let Error::InvalidCertificate(CertificateError::Other(OtherError(why))) = error else { return false };
    why.to_string() == "CaUsedAsEndEntity"
}

/// Takes any certificate, as `insecure_skip_verify` asks.
#[derive(Debug)]
struct Anyone(Arc<CryptoProvider>);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    signatures! {
        self,
        |message, certificate, signed| rustls::crypto::verify_tls12_signature(
            message, certificate, signed, &self.0.signature_verification_algorithms),
        |message, certificate, signed| rustls::crypto::verify_tls13_signature(
            message, certificate, signed, &self.0.signature_verification_algorithms),
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
