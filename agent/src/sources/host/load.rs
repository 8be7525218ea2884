//! Load averages.

use exposition::PageBuilder;
use sysinfo::System;

use super::{Machine, gauge};

pub(super) fn collect(_: &mut Machine, page: &mut PageBuilder) -> Result<(), String> {
    let load = System::load_average().map_err(|error| error.to_string())?;
    gauge(page, "node_load1", "1m load average.", load.one);
    gauge(page, "node_load5", "5m load average.", load.five);
    gauge(page, "node_load15", "15m load average.", load.fifteen);
    Ok(())
}
