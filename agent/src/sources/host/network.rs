//! Network interfaces: `/proc/net/dev`, which costs a twentieth of asking `/sys` for each.

use exposition::{Kind, PageBuilder};

use super::Machine;

/// Column behind the interface's name, metric.
const FIELDS: [(usize, &str, &str); 8] = [
    (0, "receive", "bytes"),
    (1, "receive", "packets"),
    (2, "receive", "errs"),
    (3, "receive", "drop"),
    (8, "transmit", "bytes"),
    (9, "transmit", "packets"),
    (10, "transmit", "errs"),
    (11, "transmit", "drop"),
];

pub(super) fn collect(machine: &mut Machine, page: &mut PageBuilder) -> Result<(), String> {
    // Of process 1: `net` alone is a link to the reader's own namespace, in a container the container's.
    let text = machine.read("1/net/dev").or_else(|_| machine.read("net/dev"))?;
    let interfaces: Vec<(&str, Vec<&str>)> = text
        .lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, columns)| (name.trim(), columns.split_whitespace().collect()))
        .collect();
    for (column, direction, field) in FIELDS {
        let name = format!("node_network_{direction}_{field}_total");
        let help = format!("Network device statistic {direction}_{field}.");
        page.family(&name, &help, Kind::Counter);
        for (interface, columns) in &interfaces {
            let Some(value) = columns.get(column).and_then(|value| value.parse::<f64>().ok()) else {
                continue;
            };
            page.sample(&name, &[("device", interface)], value);
        }
    }
    Ok(())
}
