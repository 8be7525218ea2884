//! The TLS provider of the process.

/// Makes `ring` the provider for both sides; call it first in `main`. Calling it again does nothing.
///
/// reqwest is built without a provider and would panic when its first client is made.
pub fn install() {
    // An error says that one is installed already, which is all that is wanted.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
