//! One run of one agent: every protocol at once, each with a receiver of its own, and what they saw.

use std::sync::LazyLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::super::process::{eventually, start};
use super::super::strict::{Kind, Mode, Series, Strict};
use super::pages::{OPEN, PLAIN, long};
use super::site::{OPEN_METRICS, TEXT, Target, receiver, settings};

/// What is left of it.
pub(crate) struct Run {
    pub(crate) v1: Strict,
    pub(crate) v2: Strict,
    pub(crate) zstd: Strict,
    /// The time that the page gives `explicit`.
    pub(crate) explicit: i64,
    /// Milliseconds since 1970.
    pub(crate) began: i64,
    pub(crate) ended: i64,
}

static RUN: LazyLock<Run> = LazyLock::new(make);

pub(crate) fn run() -> &'static Run {
    &RUN
}

pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

fn make() -> Run {
    let began = now();
    let explicit = began - 60_000;
    let plain = PLAIN.replace('@', &explicit.to_string()) + &long();
    let (plain, open) = (Target::new(TEXT, &plain), Target::new(OPEN_METRICS, OPEN));
    let replaced = Target::new(TEXT, &format!("replaced 7 {explicit}\n"));
    let honest = Target::new(TEXT, "of_honor{job=\"own\",instance=\"\"} 1\nof_none 1\n");
    let (v1, v2, zstd) =
        (Strict::new(Mode::Both), Strict::new(Mode::Both), Strict::new(Mode::VictoriaMetrics));
    let more = "headers = { X-Scope-OrgID = \"t1\" }\nexternal_labels = { cluster = \"c1\", zone = \"z\" }\n";
    let agent = start(&settings(
        "200ms",
        &[
            plain.table("plain", ""),
            open.table("open", ""),
            honest.table("honest", "honor_labels = true"),
            replaced.table("replaced", "honor_timestamps = false"),
            receiver(&v1, &format!("protocol = \"1.0\"\nmetadata_interval = \"200ms\"\n{more}")),
            receiver(&v2, &format!("protocol = \"2.0\"\n{more}")),
            receiver(&zstd, &format!("protocol = \"zstd\"\n{more}")),
        ],
    ));
    eventually("three scrapes of each at each receiver", || {
        ["temperature_celsius{", "jobs_total{", "of_none{", "replaced{"].iter().all(|series| {
            [&v1, &v2, &zstd]
                .iter()
                .all(|strict| strict.names(series).first().is_some_and(|name| strict.taken(name).len() >= 3))
        })
    });
    eventually("what 1.0 says of families", || {
        let told = |name: &str| {
            let mut families = v1.seen().into_iter().flat_map(|seen| seen.message.families);
            families.any(|family| family.metric_family_name == name)
        };
        told("temperature_celsius") && told("latency_seconds") && told("size_bytes")
    });
    drop(agent);
    Run { v1, v2, zstd, explicit, began, ended: now() }
}

impl Run {
    pub(crate) fn all(&self) -> [(Kind, &Strict); 3] {
        [(Kind::V1, &self.v1), (Kind::V2, &self.v2), (Kind::Zstd, &self.zstd)]
    }

    /// Every time that this was sent, by each protocol.
    pub(crate) fn each(&self, name: &str, mut look: impl FnMut(Kind, &Series)) {
        for (kind, strict) in self.all() {
            let mut times = 0;
            for seen in strict.seen() {
                let named = |series: &&Series| series.label("__name__") == Some(name);
                for series in seen.message.series.iter().filter(named) {
                    times += 1;
                    look(kind, series);
                }
            }
            assert!(times > 0, "{name} never came by {kind:?}");
        }
    }

    /// The first time that 2.0 sent it.
    pub(crate) fn first(&self, name: &str) -> Series {
        let seen = self.v2.seen();
        let found = seen.iter().find_map(|seen| seen.message.named(name).cloned());
        found.unwrap_or_else(|| panic!("{name} never came"))
    }
}

/// Nothing broke a rule that is judged with each request.
pub(crate) fn judged() -> &'static Run {
    for (kind, strict) in run().all() {
        strict.clean(&format!("{kind:?}"));
    }
    run()
}
