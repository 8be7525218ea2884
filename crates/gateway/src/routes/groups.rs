//! `/api/v1/groups`: groups listed, and deleted by a part of their key.

use std::sync::Arc;

use exposition::GroupingKey;
use http::{Method as Verb, StatusCode};
use serde_json::{Value, json};
use warp::Reply;
use warp::reply::Response;

use super::Gateway;
use super::answers::success;
use crate::listing::{self, Column, Row, Wanted};
use crate::page::unix;
use crate::query;
use crate::selector::{Room, Selector};
use crate::store::Store;

/// Groups of one answer, unless fewer are asked for.
const MOST: usize = 1000;

/// What a query asks for.
#[derive(Debug, Default)]
struct Asked {
    selector: Option<Selector>,
    dry_run: Option<bool>,
    offset: usize,
    limit: Option<usize>,
}

impl Gateway {
    /// Lists groups, or deletes those of a selector.
    pub(super) async fn groups(self: &Arc<Self>, verb: &Verb, query: &str) -> Response {
        let (store, query, deleting) = (Arc::clone(&self.store), query.to_owned(), verb == Verb::DELETE);
        // Reading is among it: a query may be of regular expressions, which take their time to compile.
        let work = self.work.run(move || {
            let asked = asked(&query, deleting)?;
            if !deleting {
                return Ok(listed(&store, asked));
            }
            let selector = asked.selector.ok_or(NOTHING)?;
            Ok::<_, String>(deleted(&store, &selector, asked.dry_run.unwrap_or_default()))
        });
        match work.await {
            Some(Err(message)) => wrong(&message),
            Some(Ok(done)) => self.held_json(Some(done)),
            None => self.held_json(None),
        }
    }
}

const NOTHING: &str = "expected a label such as job=x or a selector such as match[]={job=\"x\"}; all groups are deleted by \
     PUT /api/v1/admin/wipe, with --web.enable-admin-api";

/// Reads a query. Names that are none of ours are labels, so a mistyped one selects no group.
fn asked(query: &str, deleting: bool) -> Result<Asked, String> {
    let mut asked = Asked::default();
    let mut labels: Vec<(String, String)> = Vec::new();
    let mut room = Room::default();
    let number = |name: &str, value: &str| {
        value.parse::<usize>().map_err(|_| format!("{name}: expected a whole number, got `{value}`"))
    };
    for (name, value) in query::pairs(query)? {
        match name.as_str() {
            "match[]" | "match" => {
                let selector = Selector::read_within(&value, &mut room);
                let selector = selector.map_err(|error| format!("{name}: {error}"))?;
                asked.selector = Some(match asked.selector {
                    None => selector,
                    Some(other) => other.or(selector),
                });
            }
            "dry_run" if deleting && asked.dry_run.is_some() => {
                return Err("dry_run stands twice".to_owned());
            }
            "dry_run" if deleting => asked.dry_run = Some(truth(&value)?),
            "limit" if !deleting => asked.limit = Some(number(&name, &value)?),
            "offset" if !deleting => asked.offset = number(&name, &value)?,
            "dry_run" => return Err("dry_run is for DELETE".to_owned()),
            "limit" | "offset" => {
                return Err(format!("{name} is for GET: a deletion is of all that it selects"));
            }
            _ if value.is_empty() => {
                return Err(format!(
                    "label `{name}` has no value; for groups without it use match[]={{{name}=\"\"}}"
                ));
            }
            // Any other name could be on no group.
            _ if GroupingKey::new("x", [(&name, "")]).is_err() && name != "job" => {
                return Err(format!("unknown parameter `{name}`: it is no label of a group"));
            }
            _ if labels.iter().any(|(other, _)| *other == name) => {
                return Err(format!(
                    "label `{name}` stands twice; for either value use match[]={{{name}=~\"a|b\"}}"
                ));
            }
            _ => {
                room.matcher().map_err(|error| error.to_string())?;
                labels.push((name, value));
            }
        }
    }
    if !labels.is_empty() {
        if asked.selector.is_some() {
            return Err("expected labels or match[], got both: put the labels into the selector".to_owned());
        }
        asked.selector = Some(Selector::equal(labels));
    }
    match &asked.selector {
        Some(selector) if deleting => selector.is_specific().map_err(|error| error.to_string())?,
        _ => {}
    }
    Ok(asked)
}

fn truth(value: &str) -> Result<bool, String> {
    match value {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err(format!("dry_run: expected true or false, got `{value}`")),
    }
}

fn told(row: &Row) -> Value {
    let failure = row.failure.as_ref();
    json!({
        "path": format!("/metrics/{}", row.key),
        "labels": labels(&row.key),
        "last_push_time_seconds": row.pushed.map(unix),
        "last_failure_time_seconds": failure.map(|(at, _)| unix(*at)),
        "last_failure_reason": failure.and_then(|(_, why)| why.as_deref()),
        "expires_time_seconds": row.ends.map(unix),
        "last_pusher": row.pusher,
        "series": row.series,
        "bytes": row.bytes,
    })
}

fn listed(store: &Store, asked: Asked) -> Vec<u8> {
    let wanted = asked.selector.map_or(Wanted::All, Wanted::Selected);
    let limit = asked.limit.unwrap_or(MOST).min(MOST);
    let listing = listing::list(store, &wanted, (Column::Age, false), asked.offset, limit);
    let mut data = json!({ "found": listing.found, "offset": asked.offset });
    data["groups"] = listing.rows.iter().map(told).collect();
    success(data)
}

fn deleted(store: &Store, selector: &Selector, dry_run: bool) -> Vec<u8> {
    let deleted = listing::delete(store, selector, dry_run, MOST);
    let told = |key: &GroupingKey| json!({ "path": format!("/metrics/{key}"), "labels": labels(key) });
    let mut data = json!({
        "dry_run": dry_run,
        "deleted": if dry_run { 0 } else { deleted.groups },
        "found": deleted.groups,
        "series": deleted.series,
    });
    data["groups"] = deleted.keys.iter().map(told).collect();
    success(data)
}

fn labels(key: &GroupingKey) -> serde_json::Map<String, Value> {
    key.iter().map(|(name, value)| (name.to_owned(), value.into())).collect()
}

/// An error in the shape that Prometheus' own API gives it.
fn wrong(message: &str) -> Response {
    let body = json!({ "status": "error", "errorType": "bad_data", "error": message });
    warp::reply::with_status(warp::reply::json(&body), StatusCode::BAD_REQUEST).into_response()
}
