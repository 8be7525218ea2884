//! Clients that several targets with the same settings use: a thousand of their own cost seconds to make.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::Client;

use super::files::Certificates;

/// Whether a URL is https, and whether it leads to this machine: what of it matters for a client.
type Kind = (bool, bool);

/// A client of each kind, with the certificates that it was made from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Clients(Arc<Mutex<BTreeMap<Kind, (Certificates, Client)>>>);

impl Clients {
    /// The one of this kind; the first that comes with other certificates makes it anew for all.
    pub(super) fn client(
        &self,
        kind: Kind,
        certificates: &Certificates,
        make: impl FnOnce() -> Result<Client, String>,
    ) -> Result<Client, String> {
        let mut clients = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, client)) = clients.get(&kind).filter(|(of, _)| of == certificates) {
            return Ok(client.clone());
        }
        let client = make()?;
        clients.insert(kind, (certificates.clone(), client.clone()));
        Ok(client)
    }
}
