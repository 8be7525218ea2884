//! The files of one transport, read apart: none of them can hang the agent.

use std::path::{Path, PathBuf};
use std::time::Duration;

use service::apart::{self, Apart};
use service::config::Secret;

use crate::config;

/// Less than anybody's timeout: what hangs is told as what it is.
const PATIENCE: Duration = Duration::from_secs(2);

/// Certificates as they are in their files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Certificates {
    pub(super) ca: Option<Vec<u8>>,
    pub(super) cert: Option<Vec<u8>>,
    pub(super) key: Option<Vec<u8>>,
}

type Read = (Result<Certificates, String>, Result<Option<Secret>, String>);

/// Where they are, with the file of a password or token.
#[derive(Debug)]
pub(super) struct Files {
    ca: Option<PathBuf>,
    cert: Option<PathBuf>,
    key: Option<PathBuf>,
    secret: Option<PathBuf>,
    apart: Apart<Read>,
}

impl Files {
    pub(super) fn of(settings: &config::Transport) -> Self {
        let tls = &settings.tls;
        let secret = settings.bearer_token_file.clone().or_else(|| settings.password_file.clone());
        let (ca, cert, key) = (tls.ca_file.clone(), tls.cert_file.clone(), tls.key_file.clone());
        Self { ca, cert, key, secret, apart: Apart::default() }
    }

    /// What they hold now, or why that cannot be told.
    pub(super) async fn read(&mut self, timeout: Duration) -> Read {
        let (ca, cert, key, secret) =
            (self.ca.clone(), self.cert.clone(), self.key.clone(), self.secret.clone());
        let names: Vec<String> = [&ca, &cert, &key, &secret]
            .into_iter()
            .flatten()
            .map(|file| file.display().to_string())
            .collect();
        if names.is_empty() {
            return (Ok(Certificates::default()), Ok(None));
        }
        let needs_secret = secret.is_some();
        let work = move || {
            let certificates = || {
                Ok(Certificates {
                    ca: read(ca.as_deref())?,
                    cert: read(cert.as_deref())?,
                    key: read(key.as_deref())?,
                })
            };
            (certificates(), read(secret.as_deref()).map(|bytes| bytes.as_deref().map(text)))
        };
        self.apart.run(PATIENCE.min(timeout), work).await.unwrap_or_else(|error| {
            let message = format!("{} cannot be read: {error}", names.join(" or "));
            let secret = if needs_secret { Err(message.clone()) } else { Ok(None) };
            (Err(message), secret)
        })
    }
}

fn read(file: Option<&Path>) -> Result<Option<Vec<u8>>, String> {
    file.map(apart::read).transpose()
}

/// The end of the line is an editor's.
fn text(bytes: &[u8]) -> Secret {
    Secret::new(String::from_utf8_lossy(bytes).trim_end())
}
