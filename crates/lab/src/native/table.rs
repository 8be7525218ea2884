//! Where to look, and at what.

use std::path::Path;

use super::Native;
use crate::ports::{Part, Ports};
use crate::watch;

pub(super) fn table(native: &Native, ports: &Ports, data: &Path, password: Option<&Path>) -> Vec<String> {
    let at = |part: Part, path: &str| format!("{}{path}", ports.url(part));
    let gateway = if native.our_gateway { "gateway" } else { "pushgateway" };
    let mut rows = vec![
        ("api", at(Part::Api, "/"), "the article's greeting"),
        ("api, pull", at(Part::Api, "/metrics"), "its metrics, for pulling"),
        (gateway, at(Part::Gateway, "/"), "the pushed groups"),
        ("agent", at(Part::Agent, "/"), "sources, endpoints, their state"),
        ("agent, fallback", at(Part::Agent, "/metrics"), "the same by pull, at any time"),
        ("node-exporter", at(Part::NodeExporter, "/metrics"), "the host, as the article pulls it"),
        ("prometheus", at(Part::Prometheus, "/targets"), "all should be up"),
        ("", at(Part::Prometheus, "/rules"), "each indicator by path"),
        ("", at(Part::Prometheus, "/alerts"), "what is wrong, by pull and by push"),
        ("alertmanager", at(Part::Alertmanager, "/"), "what would be told to whom"),
    ];
    if password.is_some() {
        rows.push(("grafana", at(Part::Grafana, "/"), "the dashboards; user admin"));
    }
    let mut lines = watch::table(&rows);
    match password {
        Some(file) => lines.push(format!("Grafana's password is in {}", file.display())),
        None => lines.push("Grafana is not installed: the dashboards are left out.".to_owned()),
    }
    lines.extend([
        format!(
            "Pushes, scrapes and rules: each {} s. Load: {} requests a second.",
            native.interval, native.rate
        ),
        format!("Everything stored is in {}", data.display()),
        String::new(),
    ]);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::Choice;

    #[test]
    fn no_line_is_wider_than_a_terminal() {
        let native = Native {
            ports: Choice::Auto,
            our_gateway: false,
            interval: 15,
            rate: 5.0,
            project: ".".into(),
            data: "var/native".into(),
        };
        let ports = Ports::choose(Choice::Auto, &Part::ALL).unwrap();
        let lines = table(&native, &ports, Path::new("/data"), Some(Path::new("/data/grafana/password")));
        // 15 columns are the name before each line.
        let widest = lines.iter().map(|line| line.chars().count()).max().unwrap();
        assert!(widest + 15 < 100, "{lines:#?}");
    }
}
