//! What a running agent says of itself.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use exposition::{Limits, Page};

use crate::probe::Finding;

const LONGEST: Duration = Duration::from_secs(3);
const MOST: usize = 64 << 20;

/// The metrics of the agent that listens there, if one does.
pub(super) async fn page(listen: SocketAddr) -> Option<Page> {
    let ip = if listen.ip().is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { listen.ip() };
    let url = format!("http://{}/metrics", SocketAddr::new(ip, listen.port()));
    let client = service::client::builder(LONGEST, LONGEST, false).no_proxy().build().ok()?;
    let response = client.get(url).send().await.ok()?.error_for_status().ok()?;
    let body = service::body::read(response.bytes_stream(), MOST).await.ok()?;
    let page = Page::parse(body, &Limits::NONE).ok()?;
    let is_agent =
        page.samples().any(|sample| sample.name() == "pushpull_agent_config_last_reload_successful");
    is_agent.then_some(page)
}

/// What is wrong by its own account.
pub(super) fn check(page: &Page, interval: Duration) -> Vec<Finding> {
    let mut findings = Vec::new();
    let all = |name: &'static str| page.samples().filter(move |sample| sample.name() == name);
    let label =
        |sample: &exposition::Sample<'_>, name: &str| sample.label(name).unwrap_or_default().into_owned();
    if all("pushpull_agent_config_last_reload_successful").any(|sample| sample.value() == 0.0) {
        let then = "correct the settings that check names, and reload again";
        findings.push(Finding::fail(
            "reload",
            "the last one failed: the agent runs with older settings",
            then,
        ));
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    let late = interval.as_secs_f64() * 3.0 + 10.0;
    for sent in all("pushpull_agent_last_sent_time_seconds").filter(|sent| now - sent.value() > late) {
        let why = format!("the last push that it took was {:.0} s ago", now - sent.value());
        findings.push(Finding::fail(
            format!("pushes to {}", label(&sent, "endpoint")),
            why,
            "see its line below",
        ));
    }
    for up in all("pushpull_agent_endpoint_up").filter(|up| up.value() == 0.0) {
        let what = format!("pushes to {}", label(&up, "endpoint"));
        findings.push(Finding::fail(what, "the last one failed, and is tried again", "see its line below"));
    }
    for refused in all("pushpull_agent_refused_total").filter(|refused| refused.value() > 0.0) {
        let reason = label(&refused, "reason");
        let why = format!("{} were refused with {reason} since the agent started", refused.value());
        let what = format!("pushes to {}", label(&refused, "endpoint"));
        findings.push(Finding::warn(what, why, refusal(&reason)));
    }
    for down in all("up").filter(|up| up.value() == 0.0) {
        let what = format!("group {} {}", label(&down, "job"), label(&down, "instance"));
        findings.push(Finding::fail(what, "the last reading failed", "see the line of its source below"));
    }
    let value = |name: &'static str| all(name).next().map(|sample| sample.value());
    if let (Some(open), Some(most)) = (value("process_open_fds"), value("process_max_fds"))
        && open > most * 0.8
    {
        let why = format!("{open} of {most} file descriptors are open");
        findings.push(Finding::warn("agent", why, "raise the limit (ulimit -n, LimitNOFILE=)"));
    }
    if findings.is_empty() {
        findings.push(Finding::ok("agent", "it has nothing to complain of"));
    }
    findings
}

fn refusal(status: &str) -> &'static str {
    match status {
        "400" => {
            "the page clashes with what the gateway holds, or is no valid page: the agent's log has the gateway's words («push refused»)"
        }
        "401" | "403" => "correct the user or token of this endpoint",
        "404" | "405" => "see that url is that of a Pushgateway, without /metrics",
        "413" => "have the target say less, or raise the limit of the gateway or of the proxy before it",
        _ => "the agent's log has the gateway's words («push refused»)",
    }
}
