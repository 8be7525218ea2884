//! Receivers of remote write that come, change and go with the settings.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use tokio_util::sync::CancellationToken;

use crate::config::RemoteWrite;
use crate::pipeline::{Change, Write};
use crate::plan::Difference;
use crate::sinks::remote_write::{Receiver, Senders};
use crate::stats::Stats;

type Opened = BTreeMap<String, (Receiver, Senders)>;

/// Opens the spools of new ones, which may fail.
pub(super) fn open(receivers: &Difference<'_, RemoteWrite>, stats: &Arc<Stats>) -> Result<Opened, String> {
    let opened = receivers.new.iter().map(|new| {
        let shares = |gone: &&&RemoteWrite| new.spool.dir.is_some() && gone.spool.dir == new.spool.dir;
        if let Some(gone) = receivers.gone.iter().find(shares) {
            let (new, gone) = (new.label(), gone.label());
            return Err(format!(
                "{new}: its spool is still that of {gone}, for which something may wait there: \
                 give it another directory, or restart the agent\n"
            ));
        }
        let opened = Receiver::open(new, stats, SystemTime::now())
            .map_err(|error| format!("{}: {error}\n", new.label()))?;
        Ok((new.label(), opened))
    });
    opened.collect()
}

/// What is to change.
pub(super) fn changes(
    receivers: &Difference<'_, RemoteWrite>,
    opened: &mut Opened,
    stats: &Arc<Stats>,
    stop: &CancellationToken,
) -> Vec<Change> {
    let gone = receivers.gone.iter().map(|gone| Change::CloseWrite(gone.label(), Arc::clone(stats)));
    let mut all: Vec<Change> = gone.collect();
    all.extend(receivers.changed.iter().map(|(_, new)| Change::AlterWrite(Box::new((*new).clone()))));
    let new = std::mem::take(opened).into_values();
    all.extend(new.map(|new| Change::OpenWrite(Write::to(new, stop))));
    all
}
