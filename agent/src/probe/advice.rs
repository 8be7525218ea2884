//! What to do about a failure of the network, by what it says of itself.
//!
//! The words are those of the resolver, the kernel and rustls; the tests hold them to real ones.

/// What a cause has in it, and what to do then.
const ADVICE: &[(&[&str], &str)] = &[
    (
        &["certificate expired", "Expired"],
        "renew the certificate of the other side; if it is still valid, set this machine's clock",
    ),
    (
        &["certificate not valid yet", "NotValidYet"],
        "set this machine's clock; if it is right, the certificate is not valid yet",
    ),
    (
        &["UnknownIssuer", "BadSignature"],
        "it is signed by a CA that is not trusted here: give that CA's certificate as ca_file",
    ),
    (
        &["CaUsedAsEndEntity"],
        "the server shows the certificate of an authority: put that very certificate into ca_file, or make it with -addext basicConstraints=critical,CA:FALSE",
    ),
    (
        &["not valid for name", "NotValidForName"],
        "use a host name in url that the certificate has, or have one issued for this name",
    ),
    (
        &["InvalidContentType", "corrupt message"],
        "no TLS is spoken there: use http:// in url, or the port that speaks TLS",
    ),
    (
        &["by the proxy ", "the proxy "],
        "see that proxy_url is right, that the proxy runs and knows us, and that it lets this through",
    ),
    (&["expected target groups"], "correct the list: it is to be as for Prometheus' file_sd_configs"),
    (
        &["failed to lookup address"],
        "check the host name in url, and whether this machine's resolver (/etc/resolv.conf) knows it",
    ),
    (&["Connection refused"], "nothing listens there: start it, or correct host and port in url"),
    (
        &["unreachable", "No route to host"],
        "this machine has no way there: check its network, and whether it must go by a proxy",
    ),
    (&["no TLS client"], "install the system's CA certificates (ca-certificates), or give ca_file"),
    (
        &["no answer within", "no whole page within", "timeout", "timed out"],
        "it is overloaded, or a firewall drops packets: ask it with curl from this machine",
    ),
    (
        &["answers 401", "answers 403"],
        "the page wants a user: set username and password_file, or bearer_token_file",
    ),
    (&["answers 404"], "the path in url is wrong: most programs have /metrics"),
    (&["answers 5"], "the target itself fails: look into its log"),
    (&["expected a Prometheus text page"], "the path in url leads to something else than metrics"),
    (&["more than", "limit"], "raise the limit in scrape.limits, or have the target say less"),
    (&["cannot be read"], "check the path, and whether the agent's user may read it"),
    (&["redirected"], "put the address that it redirects to into url"),
];

/// What to do about a failure of somebody else; something for each.
pub(super) fn of(cause: &str) -> &'static str {
    or(cause, "look into the log of the other side at this time")
}

/// What to do about a failure, where nothing better is known than this.
pub(super) fn or(cause: &str, else_this: &'static str) -> &'static str {
    let known = ADVICE.iter().find(|(signs, _)| signs.iter().any(|sign| cause.contains(sign)));
    known.map_or(else_this, |(_, advice)| advice)
}
