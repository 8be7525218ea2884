//! The table of groups. Its roles are written out, since on a phone its rows are shown as cards, and what is
//! not shown as a table is not read out as one.

use std::time::SystemTime;

use maud::{Markup, html};

use super::asked::{Asked, ROWS, link};
use super::{COLUMNS, words};
use crate::listing::{Listing, Row};

pub(super) fn table(asked: &Asked, listing: &Listing, now: SystemTime) -> Markup {
    html! {
        div id="groups" data-count=(super::found(asked, listing)) data-alert=(asked.error.as_deref().unwrap_or_default()) {
            @if !listing.rows.is_empty() {
                table role="table" aria-label="Groups" aria-rowcount=(listing.found + 1) {
                    thead role="rowgroup" {
                        tr role="row" aria-rowindex="1" {
                            @for (column, name, title) in COLUMNS {
                                @let sorted = asked.column == column;
                                @let order = if asked.descending { "descending" } else { "ascending" };
                                th role="columnheader" scope="col" aria-sort=[sorted.then_some(order)] {
                                    a href=(asked.sorted_by(column)) data-keep=(name) { (title) }
                                }
                            }
                            th role="columnheader" scope="col" { span class="hidden" { "Actions" } }
                        }
                    }
                    tbody role="rowgroup" {
                        @for (at, row) in listing.rows.iter().enumerate() {
                            (group(row, (asked.page - 1) * ROWS + at + 2, now))
                        }
                    }
                }
                (pages(asked, listing))
            }
        }
    }
}

fn group(row: &Row, index: usize, now: SystemTime) -> Markup {
    let path = row.key.to_string();
    let failing = row.failure.as_ref().is_some_and(|(at, _)| row.pushed.is_none_or(|pushed| *at > pushed));
    html! {
        tr role="row" aria-rowindex=(index) class=[failing.then_some("bad")] {
            td role="cell" class="key" {
                details {
                    summary { (words::labels(&row.key)) }
                    // The script puts the families in its place once this is unfolded.
                    div class="families" aria-live="polite" { a href=(link(&path)) { "show its families" } }
                }
            }
            td role="cell" data-name="Last push" {
                @match row.pushed { Some(time) => (words::ago(time, now)), None => "never" }
            }
            td role="cell" data-name="Time to live" {
                @match row.left { Some(left) => (words::span(left)), None => "for ever" }
            }
            td role="cell" data-name="Series" class="number" { (words::number(row.series)) }
            td role="cell" data-name="Size" class="number" { (words::size(row.bytes)) }
            td role="cell" data-name="Last failure" {
                @match &row.failure {
                    None => "none",
                    Some((time, why)) => {
                        (words::ago(*time, now))
                        @if let Some(why) = why { div class="why" { (why) } }
                    }
                }
            }
            td role="cell" data-name="Pushed by" { (row.pusher.as_deref().unwrap_or("not said")) }
            td role="cell" class="action" {
                // Without a script this leads to the group's own page, which asks.
                form class="delete" {
                    input type="hidden" name="group" value=(path);
                    button aria-label={ "Delete group " (words::text(&row.key)) } { "Delete" }
                }
            }
        }
    }
}

fn pages(asked: &Asked, listing: &Listing) -> Markup {
    let last = listing.found.div_ceil(ROWS);
    let first_row = (asked.page - 1) * ROWS + 1;
    html! {
        @if last > 1 {
            nav class="pages" aria-label="Pages of groups" {
                @if asked.page > 1 { a href=(asked.link(asked.page - 1)) rel="prev" data-keep="prev" { "Previous" } }
                span {
                    (words::number(first_row)) "–" (words::number(first_row + listing.rows.len() - 1))
                    " of " (words::number(listing.found))
                }
                @if asked.page < last { a href=(asked.link(asked.page + 1)) rel="next" data-keep="next" { "Next" } }
            }
        }
    }
}
