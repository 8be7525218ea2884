//! The gateway's own families: its metrics, and the times of each group.

use exposition::{Kind, Page, encode};

use crate::groups::{Group, Id, Snapshot};
use crate::page::unix;

/// A family of ours.
#[derive(Debug)]
pub(in crate::page) struct Own {
    pub(super) name: String,
    pub(super) help: Option<String>,
    pub(super) kind: Kind,
    pub(super) lines: Lines,
}

/// Where its lines are from.
#[derive(Debug)]
pub(in crate::page) enum Lines {
    /// They are here.
    Ready(Vec<u8>),
    /// One for each group that has this time.
    Times(fn(&Group) -> Option<f64>),
}

/// All of them, sorted by name.
pub(super) fn families(own: &Page) -> Vec<Own> {
    let ready = own.families().map(|family| {
        let mut lines = Vec::new();
        for sample in family.samples() {
            lines.extend_from_slice(sample.line().as_bytes());
            lines.push(b'\n');
        }
        let help = family.help().map(std::borrow::Cow::into_owned);
        Own { name: family.name().to_owned(), help, kind: family.kind(), lines: Lines::Ready(lines) }
    });
    let times = |name: &str, help: &str, time| Own {
        name: name.to_owned(),
        help: Some(help.to_owned()),
        kind: Kind::Gauge,
        lines: Lines::Times(time),
    };
    let mut all: Vec<Own> = ready.collect();
    all.extend([
        times(
            "push_expires_time_seconds",
            "Unix time when this group will be deleted unless it is pushed to.",
            |group| group.ends.map(unix),
        ),
        times(
            "push_failure_time_seconds",
            "Last Unix time when changing this group in the Pushgateway failed.",
            |group| Some(group.failed.map_or(0.0, unix)),
        ),
        times(
            "push_time_seconds",
            "Last Unix time when changing this group in the Pushgateway succeeded.",
            |group| Some(group.pushed.map_or(0.0, unix)),
        ),
    ]);
    all.sort_by(|left, right| left.name.cmp(&right.name));
    all
}

/// All of them as one text.
pub(in crate::page) fn text(own: &Page, snapshot: &Snapshot) -> Vec<u8> {
    let mut out = Vec::new();
    for own in families(own) {
        encode::header(&own.name, own.help.as_deref(), own.kind, &mut out);
        own.write(snapshot, 0, usize::MAX, &mut out);
    }
    out
}

impl Own {
    /// About how long it is.
    pub(super) fn bytes(&self, snapshot: &Snapshot) -> usize {
        match &self.lines {
            Lines::Ready(lines) => lines.len() + 256,
            Lines::Times(_) => snapshot.len() * 112 + 256,
        }
    }

    /// Writes its lines from a group on; the one to go on with.
    pub(super) fn write(&self, snapshot: &Snapshot, from: Id, most: usize, out: &mut Vec<u8>) -> Option<Id> {
        let time = match &self.lines {
            Lines::Ready(lines) => {
                out.extend_from_slice(lines);
                return None;
            }
            Lines::Times(time) => time,
        };
        for (id, group) in snapshot.iter_from(from) {
            if out.len() >= most {
                return Some(id);
            }
            let Some(time) = time(group) else { continue };
            out.extend_from_slice(self.name.as_bytes());
            out.extend_from_slice(group.label_text().as_bytes());
            out.push(b' ');
            encode::float(time, out);
            out.push(b'\n');
        }
        None
    }
}
