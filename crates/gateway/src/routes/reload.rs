//! Reading the settings file again: at a signal, or where somebody asks.

use std::sync::Arc;

use http::StatusCode;
use service::config::Mistakes;
use warp::reply::Response;

use super::Gateway;
use super::answers::{failed, plain};

impl Gateway {
    /// Reads the settings file again; says how many rules there are now, or all that is wrong.
    pub fn reload(&self) -> Result<usize, Mistakes> {
        let outcome = self.policies.reload();
        self.stats.reloaded(outcome.is_ok());
        outcome
    }

    /// The same at a SIGHUP, which never ends a gateway: programs that rotate logs send it to all.
    pub fn hung_up(&self) {
        if self.policies.has_file() {
            // What is wrong stands in the log.
            let _ = self.reload();
        } else {
            tracing::info!("SIGHUP: nothing to read again, there is no --config.file");
        }
    }

    pub(super) async fn asked_to_reload(self: &Arc<Self>) -> Response {
        if !self.settings.lifecycle {
            return plain(StatusCode::FORBIDDEN, "Lifecycle API is not enabled.");
        }
        if !self.policies.has_file() {
            return plain(StatusCode::BAD_REQUEST, "nothing to read again: there is no --config.file");
        }
        let gateway = Arc::clone(self);
        match self.work.run(move || gateway.reload()).await {
            Some(Ok(1)) => plain(StatusCode::OK, "1 rule\n"),
            Some(Ok(rules)) => plain(StatusCode::OK, &format!("{rules} rules\n")),
            Some(Err(mistakes)) => plain(StatusCode::BAD_REQUEST, &format!("{mistakes}\n")),
            None => failed(),
        }
    }
}
