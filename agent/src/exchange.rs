//! What scraping and pushing have in common: what went wrong with an HTTP exchange, in few words.

use std::error::Error;
use std::io::ErrorKind;

use crate::config::shown;

/// The last cause is the one that tells: «connection refused».
pub(crate) fn cause(error: &(dyn Error + 'static)) -> String {
    let Some(last) = causes(error).last() else { return String::new() };
    // The URL that reqwest names may be one that a redirect led to, with a password in it.
    let url = last.downcast_ref::<reqwest::Error>().and_then(reqwest::Error::url);
    url.map_or_else(|| last.to_string(), |url| last.to_string().replace(url.as_str(), &shown(url.as_str())))
}

/// A failure's reason, as a label value.
pub(crate) fn reason(error: &reqwest::Error) -> &'static str {
    // A connection that is not there in time is also one that is not there.
    if error.is_timeout() {
        "timeout"
    } else if error.is_redirect() {
        "redirect"
    } else if error.is_connect() {
        "connect"
    } else {
        "request"
    }
}

/// Whether nobody listens there.
pub(crate) fn refused(error: &reqwest::Error) -> bool {
    error.is_connect() && nobody(error)
}

/// Whether a connection failed because nobody listens.
pub(crate) fn nobody(error: &(dyn Error + 'static)) -> bool {
    is_io(error, &[ErrorKind::ConnectionRefused])
}

/// Whether the other side closed a connection without an answer: what a server does to an idle
/// connection just when the next request is on its way.
pub(crate) fn closed_early(error: &reqwest::Error) -> bool {
    error.is_request() && !error.is_connect() && broken(error)
}

/// Whether the kernel gave a connection up, as nobody answered.
pub(crate) fn late(error: &(dyn Error + 'static)) -> bool {
    is_io(error, &[ErrorKind::TimedOut])
}

/// Whether a connection broke before there was a whole head.
pub(crate) fn broken(error: &(dyn Error + 'static)) -> bool {
    let early = |error: &hyper::Error| error.is_incomplete_message() || error.is_canceled();
    is_io(error, &[ErrorKind::ConnectionReset, ErrorKind::ConnectionAborted, ErrorKind::BrokenPipe])
        || causes(error).any(|cause| cause.downcast_ref::<hyper::Error>().is_some_and(early))
}

/// Whether the environment names a proxy for plain HTTP.
pub(crate) fn has_proxy() -> bool {
    ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"]
        .iter()
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// Proxies from the environment are not for the machine's own addresses.
pub(crate) fn is_loopback(url: &url::Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Whether one of these kinds is among its causes.
fn is_io(error: &(dyn Error + 'static), kinds: &[ErrorKind]) -> bool {
    causes(error)
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|error| kinds.contains(&error.kind()))
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}
