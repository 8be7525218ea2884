//! The page for people: rendered here, so that it is read without a script, and never larger than a part of
//! the groups. Its script only saves loading the whole page again.

mod asked;
mod families;
pub mod policy;
mod table;
mod words;

use std::time::SystemTime;

use exposition::GroupingKey;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::listing::{self, Column, Listing, Wanted};
use crate::store::Store;
use asked::{Asked, ROWS};

pub(super) const STYLE: &str = include_str!("html/page.css");
pub(super) const SCRIPT: &str = include_str!("html/page.js");

/// What the page says besides the groups.
#[derive(Debug)]
pub struct Facts<'a> {
    /// When the gateway began.
    pub started: SystemTime,
    /// Where programs scrape it, from here: `./metrics`, if nobody chose another path.
    pub metrics: &'a str,
    /// What its form proves with that it comes from here.
    pub token: &'a str,
}

/// The whole page for a query, and whether the group that it asks for is there.
pub fn page(store: &Store, query: &[(String, String)], facts: &Facts<'_>) -> (bool, String) {
    let now = SystemTime::now();
    let asked = Asked::read(query);
    let group = asked.group.as_deref().map(|path| (path, GroupingKey::from_path(path).ok()));
    let listing = match group {
        // Of one group alone no other is looked at.
        Some(_) => Listing::of_none(&store.snapshot()),
        None => listing::list(store, &asked.wanted, asked.order(), (asked.page - 1) * ROWS, ROWS),
    };
    let (known, main, title) = match group {
        None => (true, groups(&asked, &listing, now), "pushpull gateway".to_owned()),
        Some((path, key)) => {
            let stored = key.and_then(|key| Some((store.lock().stored(&key)?, key)));
            let title = format!("{path} – pushpull gateway");
            (stored.is_some(), families::group(stored, facts), title)
        }
    };
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                // No icon is asked for: there is none.
                link rel="icon" href="data:,";
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { "pushpull gateway" }
                    (figures(&listing, facts, now))
                    nav aria-label="This gateway" {
                        a href=(facts.metrics) { "metrics" }
                        a href="api/v1/groups" { "groups as JSON" }
                        a href="api/v1/status" { "status as JSON" }
                        a href="-/healthy" { "healthy" }
                        a href="-/ready" { "ready" }
                    }
                }
                main { (main) }
                (dialog())
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    (known, page.into_string())
}

fn figures(listing: &Listing, facts: &Facts<'_>, now: SystemTime) -> Markup {
    let up = now.duration_since(facts.started).unwrap_or_default();
    html! {
        dl class="facts" {
            div { dt { "version" } dd { (env!("CARGO_PKG_VERSION")) } }
            div { dt { "up" } dd { (words::span(up)) } }
            div { dt { "groups" } dd { (words::number(listing.groups)) } }
            div { dt { "series" } dd { (words::number(listing.series)) } }
            div { dt { "size" } dd { (words::size(listing.bytes)) } }
        }
    }
}

/// The search and the table that it finds.
fn groups(asked: &Asked, listing: &Listing, now: SystemTime) -> Markup {
    html! {
        form id="search" role="search" {
            label for="q" { "Search groups" }
            input id="q" name="q" type="search" value=(asked.q) autocomplete="off" spellcheck="false"
                aria-describedby="hint";
            @for (name, value) in asked.sorting() { input type="hidden" name=(name) value=(value); }
            button { "Search" }
            p id="hint" { "Parts of labels, or a selector such as " code { "{job=~\"api.*\",zone!=\"\"}" } }
        }
        // What the script changes here is read out.
        p id="count" role="status" { (found(asked, listing)) }
        p id="alert" role="alert" { @if let Some(error) = &asked.error { (error) } }
        (table::table(asked, listing, now))
    }
}

fn found(asked: &Asked, listing: &Listing) -> String {
    let all = words::counted(listing.groups, "group");
    if matches!(asked.wanted, Wanted::All) {
        return if listing.groups == 0 { "No groups yet: push to /metrics/job/JOB".to_owned() } else { all };
    }
    format!("{} of {all} found", words::number(listing.found))
}

fn dialog() -> Markup {
    html! {
        dialog id="confirm" aria-labelledby="confirm-title" aria-describedby="confirm-group" {
            form method="dialog" {
                h2 id="confirm-title" { "Delete this group?" }
                p id="confirm-group" {}
                p { "Its series are gone with the next scrape. A pusher that lives on brings it back." }
                div class="buttons" {
                    // The harmless one is first, so a dialog focuses it and Enter chooses it. `autofocus` would be
                    // the page's, too: Chromium complains where a reader was quicker.
                    button value="cancel" { "Keep it" }
                    button value="delete" class="danger" { "Delete" }
                }
            }
        }
    }
}

/// The columns of the table: what they are sorted by, its name in links, and its heading.
const COLUMNS: [(Column, &str, &str); 7] = [
    (Column::Group, "group", "Group"),
    (Column::Pushed, "push", "Last push"),
    (Column::Expires, "life", "Time to live"),
    (Column::Series, "series", "Series"),
    (Column::Bytes, "size", "Size"),
    (Column::Failed, "failure", "Last failure"),
    (Column::Pusher, "pusher", "Pushed by"),
];
