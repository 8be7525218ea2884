//! What a reader of the page asks for, from its links and forms and back into links.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::COLUMNS;
use crate::listing::{Column, Wanted};
use crate::query;
use crate::selector::Selector;

/// Groups on one page: some 100 kB at the most usual sizes of labels.
pub(super) const ROWS: usize = 100;

#[derive(Debug)]
pub(super) struct Asked {
    pub(super) q: String,
    pub(super) wanted: Wanted,
    /// Why the search is no selector.
    pub(super) error: Option<String>,
    pub(super) column: Column,
    pub(super) descending: bool,
    pub(super) page: usize,
    /// One group alone, by the path of its URL.
    pub(super) group: Option<String>,
}

impl Asked {
    /// Reads a query: links are written by us, so what is wrong in one is taken as if it were not there.
    pub(super) fn read(query: &[(String, String)]) -> Self {
        let value = |name: &str| query::first(query, name);
        let q = value("q").unwrap_or_default().trim().to_owned();
        let column = COLUMNS.iter().find(|(_, name, _)| value("sort") == Some(name));
        let mut asked = Self {
            wanted: Wanted::All,
            error: None,
            column: column.map_or(Column::Group, |(column, ..)| *column),
            descending: value("order") == Some("desc"),
            page: value("page").and_then(|page| page.parse().ok()).unwrap_or(1).clamp(1, usize::MAX / ROWS),
            group: value("group").map(str::to_owned),
            q,
        };
        if asked.q.starts_with('{') {
            match Selector::read(&asked.q) {
                Ok(selector) => asked.wanted = Wanted::Selected(selector),
                Err(error) => {
                    asked.error = Some(error.to_string());
                    asked.wanted = Wanted::Selected(Selector::none());
                }
            }
        } else if !asked.q.is_empty() {
            asked.wanted = Wanted::Words(asked.q.split_whitespace().map(str::to_lowercase).collect());
        }
        asked
    }

    pub(super) fn order(&self) -> (Column, bool) {
        (self.column, self.descending)
    }

    /// The sorting as fields of a form; nothing where it is the usual one.
    pub(super) fn sorting(&self) -> Vec<(&'static str, &'static str)> {
        let name = COLUMNS.iter().find(|(column, ..)| *column == self.column).map(|(_, name, _)| *name);
        let sort = name.filter(|_| self.column != Column::Group).map(|name| ("sort", name));
        sort.into_iter().chain(self.descending.then_some(("order", "desc"))).collect()
    }

    /// A link to the same search sorted by a column: the other way round if it is sorted by it already.
    pub(super) fn sorted_by(&self, column: Column) -> String {
        let descending = self.column == column && !self.descending;
        Self { q: self.q.clone(), wanted: Wanted::All, error: None, group: None, page: 1, column, descending }
            .link(1)
    }

    /// A link to a page of the same search.
    pub(super) fn link(&self, page: usize) -> String {
        let mut fields = self.sorting();
        let page = page.to_string();
        if !self.q.is_empty() {
            fields.insert(0, ("q", &self.q));
        }
        if page != "1" {
            fields.push(("page", &page));
        }
        let fields: Vec<String> = fields.into_iter().map(|(name, value)| field(name, value)).collect();
        format!("?{}", fields.join("&"))
    }
}

/// A link to one group.
pub(super) fn link(path: &str) -> String {
    format!("?{}", field("group", path))
}

fn field(name: &str, value: &str) -> String {
    format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC))
}
