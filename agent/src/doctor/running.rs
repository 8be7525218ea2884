//! What a running agent says of itself.

mod receivers;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use exposition::{Limits, Page};
use reqwest::{Response, StatusCode};
use service::web::Web;

use crate::config::PullSettings;
use crate::probe::Finding;

const LONGEST: Duration = Duration::from_secs(3);
const MOST: usize = 64 << 20;

/// What listens where the agent does.
pub(super) enum Seen {
    /// Nobody, or somebody else.
    Nobody,
    /// Somebody who does not let everybody in; how that was said.
    Locked(String),
    /// An agent: its metrics, and its status.
    Agent(Box<Page>, serde_json::Value),
}

/// Looks at what listens there, in TLS where the settings say so.
pub(super) async fn look(pull: &PullSettings) -> Seen {
    let listen = pull.listen;
    let ip = if listen.ip().is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { listen.ip() };
    let is_tls =
        pull.web_config_file.as_deref().is_some_and(|file| Web::open(file).is_ok_and(|web| web.is_tls()));
    let at = format!("{}://{}", if is_tls { "https" } else { "http" }, SocketAddr::new(ip, listen.port()));
    // The certificate names the service, not the loopback; nothing secret is sent.
    let client = service::client::builder(LONGEST, LONGEST, false).tls_danger_accept_invalid_certs(true);
    let Ok(client) = client.no_proxy().build() else { return Seen::Nobody };
    let page = match client.get(format!("{at}/metrics")).send().await {
        Ok(answer) if answer.status() == StatusCode::UNAUTHORIZED => {
            return Seen::Locked(answer.status().to_string());
        }
        Ok(answer) => body(answer).await,
        Err(error) if is_tls && !error.is_timeout() && service::health::wants_certificate(&error) => {
            return Seen::Locked("it wants a client certificate".to_owned());
        }
        Err(_) => None,
    };
    let Some(page) = page.and_then(|page| Page::parse(page, &Limits::NONE).ok()) else { return Seen::Nobody };
    let sign = "pushpull_agent_config_last_reload_successful";
    if !page.samples().any(|sample| sample.name() == sign) {
        return Seen::Nobody;
    }
    let status = match client.get(format!("{at}/api/v1/status")).send().await {
        Ok(answer) => body(answer).await.and_then(|text| serde_json::from_slice(&text).ok()),
        Err(_) => None,
    };
    Seen::Agent(Box::new(page), status.unwrap_or_default())
}

async fn body(answer: Response) -> Option<bytes::Bytes> {
    let answer = answer.error_for_status().ok()?;
    service::body::read(answer.bytes_stream(), MOST).await.ok()
}

/// What is wrong by its own account.
pub(super) fn check(page: &Page, status: &serde_json::Value, interval: Duration) -> Vec<Finding> {
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
        let endpoint = label(&refused, "endpoint");
        let mut why = format!("{} were refused with {reason} since the agent started", refused.value());
        if let Some(words) = words(status, &endpoint, &reason) {
            why.push_str(&format!("; the last of them: {words}"));
        }
        let what = format!("pushes to {endpoint}");
        findings.push(Finding::warn(what, why, refusal(&reason)));
    }
    let endpoints = status["endpoints"].as_array().into_iter().flatten();
    for endpoint in endpoints.filter(|endpoint| endpoint["state"] == "held") {
        let what = format!("pushes to {}", endpoint["name"].as_str().unwrap_or_default());
        let why = "it does not let the agent in: the newest values are held until it does";
        findings.push(Finding::fail(what, why, refusal("401")));
    }
    findings.extend(receivers::check(status));
    for conflicts in all("pushpull_agent_conflicting_groups").filter(|all| all.value() > 0.0) {
        let why = format!("another agent pushes {} of its groups, too", conflicts.value());
        let then = "give one of the two another identity.instance, or another job";
        findings.push(Finding::fail(format!("pushes to {}", label(&conflicts, "endpoint")), why, then));
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

/// What a gateway said when it refused a push last, as the agent's own status has it: what is wrong with the
/// endpoint now, or one of the last events.
fn words(status: &serde_json::Value, endpoint: &str, reason: &str) -> Option<String> {
    let (named, said) = (format!(" endpoint={endpoint} "), format!("push refused: {reason}"));
    let entries = |name: &str| status[name].as_array().into_iter().flatten();
    let now = entries("endpoints").filter_map(|entry| entry["last_error"].as_str());
    let mut texts = entries("events").filter_map(|event| event["text"].as_str()).chain(now);
    let last = texts.rfind(|text| text.starts_with(&said) && format!("{text} ").contains(&named))?;
    let words = last.strip_prefix("push refused: ").unwrap_or(last);
    Some(words.split(" endpoint=").next().unwrap_or(words).to_owned())
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
