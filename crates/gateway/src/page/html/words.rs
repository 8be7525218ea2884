//! Times, sizes and labels as people read them.

use std::time::{Duration, SystemTime};

use exposition::GroupingKey;
use maud::{Markup, html};

/// `4 ms`, `13 s`, `12 min`, `3 h`, `5 d`.
pub(super) fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        0 => format!("{} ms", span.as_millis()),
        1..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// How long ago something was, with the time itself for machines and for whoever points at it.
pub(super) fn ago(time: SystemTime, now: SystemTime) -> Markup {
    let exact = humantime::format_rfc3339_seconds(time).to_string();
    // A clock that was set back makes no age.
    let age = now.duration_since(time).unwrap_or_default();
    html! { time datetime=(exact) title=(exact) { (span(age)) " ago" } }
}

/// `12,345`.
pub(super) fn number(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 group`, `5,000 groups`.
pub(super) fn counted(count: usize, what: &str) -> String {
    format!("{} {what}{}", number(count), if count == 1 { "" } else { "s" })
}

/// `512 B`, `1.5 KiB`, `20 MiB`.
pub(super) fn size(bytes: usize) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut size = bytes as f64 / 1024.0;
    let mut unit = 0;
    while size >= 1024.0 && unit + 1 < UNITS.len() {
        size /= 1024.0;
        unit += 1;
    }
    format!("{size:.1} {}", UNITS[unit])
}

/// The labels of a group, as they stand on its series.
pub(super) fn labels(key: &GroupingKey) -> Markup {
    html! {
        @for (at, (name, value)) in key.iter().enumerate() {
            @if at > 0 { ", " }
            // Letters written from right to left must not move what stands beside them.
            span class="label" { (name) "=\"" bdi { (escaped(value)) } "\"" }
        }
    }
}

/// The same as text, for what reads it out.
pub(super) fn text(key: &GroupingKey) -> String {
    let labels = key.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value)));
    labels.collect::<Vec<_>>().join(", ")
}

/// As in the exposition format, and control characters are seen instead of acting.
fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => out.extend(c.escape_default()),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_written_for_people() {
        assert_eq!([0, 999, 1000, 1_234_567].map(number), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([0, 1023, 1536, 20 << 20].map(size), ["0 B", "1023 B", "1.5 KiB", "20.0 MiB"]);
        assert_eq!([4, 13_000, 720_000].map(Duration::from_millis).map(span), ["4 ms", "13 s", "12 min"]);
        assert_eq!(escaped("a\"\\\n\u{1b}é"), "a\\\"\\\\\\n\\u{1b}é");
    }
}
