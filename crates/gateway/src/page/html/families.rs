//! One group: its families, folded, and the form that deletes it without a script.

use exposition::GroupingKey;
use maud::{Markup, html};

use super::{Facts, words};
use crate::groups::Stored;

/// Families that are shown of a group.
const FAMILIES: usize = 500;
/// Bytes of sample lines that are shown of a group.
const LINES: usize = 128 << 10;

pub(super) fn group(stored: Option<(Vec<Stored>, GroupingKey)>, facts: &Facts<'_>) -> Markup {
    let Some((families, key)) = stored else {
        return html! {
            p id="families" { "There is no such group: it was deleted, or its time to live is over." }
            p { a href="?" { "All groups" } }
        };
    };
    html! {
        h2 { (words::labels(&key)) }
        (shown(&families, facts.metrics))
        form method="post" action="api/v1/groups" class="sure" {
            input type="hidden" name="token" value=(facts.token);
            input type="hidden" name="group" value=(key);
            button class="danger" { "Delete this group" }
            " "
            a href="?" { "Keep it: all groups" }
        }
    }
}

fn shown(families: &[Stored], metrics: &str) -> Markup {
    let mut room = LINES;
    let mut parts = Vec::new();
    for family in families.iter().take(FAMILIES) {
        let lines = whole_lines(&family.lines, room);
        room -= lines.len();
        parts.push((family, String::from_utf8_lossy(lines).into_owned(), lines.len() < family.lines.len()));
    }
    html! {
        div id="families" {
            @if parts.is_empty() { p { "It holds no families." } }
            @for (family, lines, cut) in &parts {
                details {
                    summary {
                        code { (family.name) } " "
                        span class="kind" { (family.kind) ", " (words::number(family.series)) " series" }
                    }
                    @if !family.help.is_empty() { p { (family.help) } }
                    pre { (lines) }
                    @if *cut { p { "There is more: " a href=(metrics) { "metrics" } " has all." } }
                }
            }
            @if families.len() > FAMILIES {
                p { "Families that are not shown: " (words::number(families.len() - FAMILIES)) "." }
            }
        }
    }
}

/// As many whole lines as there is room for.
fn whole_lines(lines: &[u8], room: usize) -> &[u8] {
    if lines.len() <= room {
        return lines;
    }
    let end = lines[..room].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    &lines[..end]
}
