//! The strict reading of a TOML file: all its mistakes in one run.
//!
//! Deserializing stops at the first mistake, so the entry at fault is taken out and the rest is
//! tried again, until it passes.

use std::io::Read;
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer};

use super::mistakes::{Mistakes, explain};
use super::places::{Place, Places};
use super::values::ByteSize;

/// One step from a table or array to what is in it.
#[derive(Debug, Clone, PartialEq)]
enum Step {
    Key(String),
    Index(usize),
}

/// A file of settings is no longer than this; what is endless, such as a device, ends here.
const LONGEST_FILE: usize = 16 << 20;

/// The text of the file, unless it cannot be read.
pub(super) fn read(path: &Path, mistakes: &mut Mistakes) -> Option<String> {
    let mut note = |message: String| {
        let place = Place::File { name: path.display().to_string(), line: 0, column: 0 };
        mistakes.add(&place, "", message);
    };
    let mut text = String::new();
    let opened = std::fs::File::open(path);
    match opened.and_then(|file| file.take(LONGEST_FILE as u64 + 1).read_to_string(&mut text)) {
        Ok(_) if text.len() > LONGEST_FILE => {
            note(format!("is too long: expected at most {}", ByteSize(LONGEST_FILE)));
            None
        }
        Ok(_) => Some(text),
        Err(error) => {
            note(format!("cannot be read: {error}"));
            None
        }
    }
}

/// Notes all places and mistakes; gives back the text without what is wrong, if it is TOML at all.
pub(super) fn check<T: DeserializeOwned>(
    name: &str,
    text: &str,
    places: &mut Places,
    mistakes: &mut Mistakes,
) -> Option<String> {
    let at = |offset: usize| {
        let before = text.get(..offset).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = before.matches('\n').count() + 1;
        Place::File { name: name.to_owned(), line, column: before[line_start..].chars().count() + 1 }
    };
    let (mut document, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        mistakes.add(&at(error.span().map_or(0, |span| span.start)), "", error.message().to_owned());
    }
    if !errors.is_empty() {
        return None;
    }
    note_places(document.get_ref(), "", &at, places);
    while let Err(error) = T::deserialize(Deserializer::from(document.clone())) {
        let offset = error.span().map_or(0, |span| span.start);
        let Some(path) = find(document.get_ref(), offset) else {
            mistakes.add(&at(offset), "", explain(error.message()));
            return None;
        };
        let key = places.original(&key(&path));
        mistakes.add(&at(offset), &key, explain(error.message()));
        if !remove(document.get_mut(), &path) {
            return None;
        }
        places.left_out(&key);
    }
    toml::Table::deserialize(Deserializer::from(document)).ok().map(|table| table.to_string())
}

fn note_places(table: &DeTable<'_>, prefix: &str, at: &impl Fn(usize) -> Place, places: &mut Places) {
    for (name, value) in table {
        let key = if prefix.is_empty() {
            name.get_ref().to_string()
        } else {
            format!("{prefix}.{}", name.get_ref())
        };
        places.set(&key, at(name.span().start));
        match value.get_ref() {
            DeValue::Table(table) => note_places(table, &key, at, places),
            DeValue::Array(array) => {
                for (index, item) in array.iter().enumerate() {
                    let key = format!("{key}[{index}]");
                    places.set(&key, at(item.span().start));
                    if let DeValue::Table(table) = item.get_ref() {
                        note_places(table, &key, at, places);
                    }
                }
            }
            _ => {}
        }
    }
}

/// The innermost entry at this place of the text.
fn find(table: &DeTable<'_>, offset: usize) -> Option<Vec<Step>> {
    let mut found = None;
    for (name, value) in table {
        let step = Step::Key(name.get_ref().to_string());
        if let Some(inner) = find_value(value, offset) {
            return Some([vec![step], inner].concat());
        }
        if name.span().contains(&offset) || value.span().contains(&offset) {
            found = Some(vec![step]);
        }
    }
    found
}

fn find_value(value: &Spanned<DeValue<'_>>, offset: usize) -> Option<Vec<Step>> {
    match value.get_ref() {
        DeValue::Table(table) => find(table, offset),
        DeValue::Array(array) => array.iter().enumerate().find_map(|(index, item)| {
            let inner = find_value(item, offset).or_else(|| item.span().contains(&offset).then(Vec::new))?;
            Some([vec![Step::Index(index)], inner].concat())
        }),
        _ => None,
    }
}

fn remove(table: &mut DeTable<'_>, path: &[Step]) -> bool {
    let Some((Step::Key(name), rest)) = path.split_first() else { return false };
    let Some(name) = table.keys().find(|key| key.get_ref() == name).cloned() else { return false };
    if rest.is_empty() {
        return table.remove(&name).is_some();
    }
    table.get_mut(&name).is_some_and(|value| remove_value(value.get_mut(), rest))
}

fn remove_value(value: &mut DeValue<'_>, path: &[Step]) -> bool {
    match (value, path) {
        (DeValue::Table(table), _) => remove(table, path),
        (DeValue::Array(array), [Step::Index(index), rest @ ..]) => {
            if rest.is_empty() {
                let all = std::mem::replace(array, std::iter::empty().collect());
                let others = all.into_iter().enumerate().filter(|(at, _)| at != index);
                *array = others.map(|(_, item)| item).collect();
                return true;
            }
            array.get_mut(*index).is_some_and(|item| remove_value(item.get_mut(), rest))
        }
        _ => false,
    }
}

fn key(path: &[Step]) -> String {
    let mut key = String::new();
    for step in path {
        match step {
            Step::Index(index) => key.push_str(&format!("[{index}]")),
            Step::Key(name) if key.is_empty() => key.push_str(name),
            Step::Key(name) => key.push_str(&format!(".{name}")),
        }
    }
    key
}
