//! The groups as a page for people.

use std::fmt::Write;
use std::time::{Instant, SystemTime};

use crate::groups::Snapshot;
use crate::push::group_labels;

/// The groups as a page for people; no script, nothing from elsewhere.
pub fn html(groups: &Snapshot) -> String {
    let mut rows = String::new();
    let now = SystemTime::now();
    let age = |time: Option<SystemTime>| {
        let age = time.and_then(|time| now.duration_since(time).ok());
        age.map_or_else(|| "never".to_owned(), |age| format!("{} s ago", age.as_secs()))
    };
    for group in groups.iter() {
        let labels: Vec<String> = group_labels(&group.key)
            .iter()
            .map(|(name, value)| format!("{name}=\"{}\"", escaped(value)))
            .collect();
        let left = group.expires.map(|end| end.saturating_duration_since(Instant::now()).as_secs());
        let left = left.map_or_else(|| "never".to_owned(), |left| format!("in {left} s"));
        // Writing to a `String` cannot fail.
        let _ = writeln!(
            rows,
            "<tr><td>{}<td>{}<td>{}<td>{}<td>{left}",
            labels.join(", "),
            group.series,
            age(group.pushed),
            age(group.failed)
        );
    }
    let count = match groups.len() {
        1 => "1 group".to_owned(),
        count => format!("{count} groups"),
    };
    format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\">\
         <title>pushpull gateway</title><style>:root{{color-scheme:light dark}}body{{font:1rem system-ui;margin:2rem}}\
         td,th{{text-align:left;padding:.2rem 1rem .2rem 0}}</style><h1>pushpull gateway</h1>\
         <p>{count}. Scrape <a href=metrics>/metrics</a> with <code>honor_labels: true</code>; push to \
         <code>/metrics/job/JOB{{/LABEL/VALUE}}</code>.<table><tr><th>group<th>series<th>last push\
         <th>last failed push<th>ends\n{rows}</table></html>\n"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
