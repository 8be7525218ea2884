//! The result as one HTML file: the histogram, what was asked and achieved, and times. Nothing is loaded.

use super::report;
use super::summary::{Summary, values};
use super::svg::{self, escaped};

const STYLE: &str = ":root{color-scheme:light dark;--ink:#1f2328;--back:#fff;--line:#d0d7de}\
    @media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--back:#0d1117;--line:#30363d}}\
    body{margin:2rem auto;max-width:48rem;padding:0 1rem;font:16px/1.5 system-ui,sans-serif;color:var(--ink);\
    background:var(--back)}h1{font-size:1.4rem}svg{max-width:100%;height:auto}\
    .wide{overflow-x:auto}table{border-collapse:collapse}th,td{padding:.25rem .75rem;text-align:right;\
    border-bottom:1px solid var(--line)}th:first-child{text-align:left}pre{overflow-x:auto;font-size:13px}";

/// A page of its own, readable on light and on dark.
pub fn page(summary: &Summary) -> String {
    let rows = [
        ("latency", &summary.tally.latency),
        ("answer in", &summary.tally.service),
        ("own delay", &summary.tally.lateness),
    ]
    .map(|(name, times)| {
        let cells = values(times).map_or_else(String::new, |values| {
            values.iter().map(|(_, time)| format!("<td>{:.3}</td>", time.as_secs_f64() * 1e3)).collect()
        });
        format!("<tr><th>{name}</th>{cells}</tr>")
    });
    let head = ["min", "mean", "p50", "p90", "p99", "p99.9", "max"].map(|name| format!("<th>{name}</th>"));
    let heading = escaped(report::heading(summary).trim_end());
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>Load on {url}</title>\
         <style>{STYLE}</style></head>\n<body><h1>Load on {url}</h1>\n{picture}\
         <div class=\"wide\"><table><tr><th>ms</th>{head}</tr>{rows}</table></div>\n\
         <pre>{heading}\n{text}</pre></body></html>\n",
        url = escaped(&summary.url),
        picture = svg::draw(summary),
        head = head.concat(),
        rows = rows.concat(),
        text = escaped(&report::text(summary)),
    )
}
