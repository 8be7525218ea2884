//! What is pushed in place of a page that a gateway refuses for what stands in it.
//!
//! A group that kept its old values would look alive for ever. In its place comes what the agent itself
//! says of the reading: `up 0`, as with a page that Prometheus cannot take, and the status of the refusal.

use exposition::{Kind, Page, PageBuilder, Rewrite, Sheet};
use reqwest::StatusCode;

use crate::snapshot::Snapshot;
use crate::sources::up;

const NAME: &str = "pushpull_agent_page_refused_status";
const HELP: &str = "Status with which the gateway refused the page of this group; 0 once it takes it again.";

/// Whether another body could fare better: neither who we are nor where we push to is wrong.
pub(super) fn is_of_the_page(status: StatusCode) -> bool {
    [StatusCode::BAD_REQUEST, StatusCode::PAYLOAD_TOO_LARGE, StatusCode::UNPROCESSABLE_ENTITY]
        .contains(&status)
}

/// The snapshot with what is said of the reading alone; none where nothing else was in it.
pub(super) fn instead(snapshot: &Snapshot, status: StatusCode) -> Option<Snapshot> {
    let (said, rest) = snapshot.pages.split_first()?;
    if rest.is_empty() {
        return None;
    }
    let said = said.page().rewrite_where(&Rewrite::default(), |sample| sample.name() != up::NAME);
    let labels: Vec<(&str, &str)> = snapshot.key.iter().collect();
    let mut down = PageBuilder::new();
    up::write(&mut down, &labels, false);
    let pages = [down.finish(), said, page(snapshot, status.as_u16())].map(Sheet::from).into();
    Some(Snapshot { pages, up: false, ..snapshot.clone() })
}

/// The snapshot with the news that its page is refused no longer: under POST the old news would stay.
pub(super) fn over(snapshot: &Snapshot) -> Snapshot {
    let mut snapshot = snapshot.clone();
    snapshot.pages.push(page(&snapshot, 0).into());
    snapshot
}

fn page(snapshot: &Snapshot, status: u16) -> Page {
    let labels: Vec<(&str, &str)> = snapshot.key.iter().collect();
    let mut page = PageBuilder::new();
    page.family(NAME, HELP, Kind::Gauge);
    page.sample(NAME, &labels, f64::from(status));
    page.finish()
}
