//! Every metric of the article, by name, type, help and buckets.

use std::io::Write;
use std::process::{Command, Stdio};

use exposition::{Kind, Limits, Page};

use super::process::{QUICK, start};

const ARTICLE: [(&str, Kind, &str); 13] = [
    ("app_requests_total", Kind::Counter, "Total de requisições recebidas"),
    ("app_request_processing_seconds", Kind::Summary, "Tempo de processamento das requisições"),
    ("http_request_duration_seconds", Kind::Histogram, "Histogram of request processing time (seconds)"),
    ("app_cpu_percent", Kind::Gauge, "Percentual de uso de CPU pela aplicação"),
    ("app_memory_bytes", Kind::Gauge, "Uso de memória pela aplicação em bytes"),
    ("app_memory_percent", Kind::Gauge, "Percentual de uso de memória pela aplicação"),
    ("system_cpu_percent", Kind::Gauge, "Percentual de uso de CPU do sistema"),
    ("system_memory_percent", Kind::Gauge, "Percentual de uso de memória do sistema"),
    ("system_disk_usage_bytes", Kind::Gauge, "Uso de disco em bytes"),
    ("system_disk_free_bytes", Kind::Gauge, "Espaço em disco livre em bytes"),
    ("system_disk_total_bytes", Kind::Gauge, "Espaço total em disco em bytes"),
    ("system_disk_usage_percent", Kind::Gauge, "Percentual de uso de disco"),
    ("system_disk_free_percent", Kind::Gauge, "Percentual de espaço livre em disco"),
];

fn page(text: &str) -> Page {
    let body = text.split_once("\r\n\r\n").unwrap().1;
    Page::parse(body.to_owned(), &Limits::default()).unwrap()
}

#[test]
fn all_are_there_as_the_article_names_them() {
    let api = start(QUICK);
    let page = page(&api.get("/metrics"));
    for (name, kind, help) in ARTICLE {
        let family =
            page.families().find(|family| family.name() == name).unwrap_or_else(|| panic!("no {name}"));
        assert_eq!((family.kind(), family.help().as_deref()), (kind, Some(help)), "{name}");
    }
    let histogram = page.families().find(|family| family.name() == "http_request_duration_seconds").unwrap();
    let bounds: Vec<String> = histogram
        .samples()
        .filter_map(|sample| sample.label("le").map(std::borrow::Cow::into_owned))
        .collect();
    let want = "0.005 0.01 0.025 0.05 0.075 0.1 0.25 0.5 0.75 1 2.5 5 7.5 10 +Inf";
    assert_eq!(bounds.join(" "), want);
    let summary = page.families().find(|family| family.name() == "app_request_processing_seconds").unwrap();
    let lines: Vec<&str> =
        summary.samples().map(|sample| sample.line().split(['}', ' ']).next().unwrap()).collect();
    let [half, nine, most] =
        ["0.5", "0.9", "0.99"].map(|q| format!("app_request_processing_seconds{{quantile=\"{q}\""));
    let (sum, count) = ("app_request_processing_seconds_sum", "app_request_processing_seconds_count");
    assert_eq!(lines, [half.as_str(), &nine, &most, sum, count]);
}

#[test]
fn a_greeting_is_counted_and_timed() {
    let api = start(&[("PUSHPULL_API__WORK__MIN", "20ms"), ("PUSHPULL_API__WORK__MAX", "30ms")]);
    for _ in 0..3 {
        assert!(api.get("/").ends_with("{\"message\":\"Olá, mundo!\"}"));
    }
    api.wait_for("app_requests_total", 3.0);
    assert_eq!(api.metric("app_request_processing_seconds_count"), Some(3.0));
    let sum = api.metric("app_request_processing_seconds_sum").unwrap();
    assert!((0.06..0.6).contains(&sum), "{sum}");
    let median = api.metric("app_request_processing_seconds{quantile=\"0.5\"}").unwrap();
    assert!((0.019..0.2).contains(&median), "{median}");
}

#[test]
fn the_background_collection_has_real_figures_and_renews_them() {
    let api = start(QUICK);
    assert!(api.metric("app_memory_bytes").unwrap() > 1e6);
    let total = api.metric("system_disk_total_bytes").unwrap();
    let used = api.metric("system_disk_usage_bytes").unwrap();
    let free = api.metric("system_disk_free_bytes").unwrap();
    assert!(used > 0.0 && free > 0.0 && used + free <= total, "{used} {free} {total}");
    let percent =
        api.metric("system_disk_usage_percent").unwrap() + api.metric("system_disk_free_percent").unwrap();
    assert!((percent - 100.0).abs() < 1e-6);
    let end = std::time::Instant::now() + std::time::Duration::from_secs(20);
    // A process that answers scrapes uses some CPU: within seconds the gauge leaves its first 0.
    while api.metric("app_cpu_percent") == Some(0.0) {
        assert!(std::time::Instant::now() < end, "never collected again");
    }
}

#[test]
fn promtool_finds_only_what_the_articles_own_names_bring() {
    let api = start(QUICK);
    let answer = api.get("/metrics");
    let body = answer.split_once("\r\n\r\n").unwrap().1;
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("cannot start promtool ({error}): run `make tools`"));
    promtool.stdin.take().unwrap().write_all(body.as_bytes()).unwrap();
    let output = promtool.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    // The article counts in percent, where the convention asks for ratios.
    let ours = said.lines().filter(|line| !ARTICLE.iter().any(|(name, ..)| line.starts_with(name)));
    assert_eq!(ours.collect::<Vec<_>>(), Vec::<&str>::new());
}
