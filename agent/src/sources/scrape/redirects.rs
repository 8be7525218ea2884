//! Where the redirects of a target may lead.

use reqwest::redirect::Policy;

use crate::config::shown;

/// At most five, and never to another host: who may be scraped is for the settings to say.
pub(super) fn policy() -> Policy {
    Policy::custom(|attempt| {
        let elsewhere =
            attempt.previous().first().is_some_and(|first| first.host_str() != attempt.url().host_str());
        if elsewhere {
            let message = format!("redirected to another host, {}", shown(attempt.url().as_str()));
            return attempt.error(message);
        }
        if attempt.previous().len() > 5 {
            attempt.error("redirected more than five times")
        } else {
            attempt.follow()
        }
    })
}
