//! Block devices: `/proc/diskstats` (`Documentation/admin-guide/iostats.rst` of the kernel).

use exposition::{Kind, PageBuilder};

use super::Machine;

/// Sectors there are of 512 bytes whatever the device has.
const SECTOR: f64 = 512.0;

/// Column behind the device's name, what one unit of it is, metric, help text.
const FIELDS: [(usize, f64, &str, &str); 7] = [
    (0, 1.0, "node_disk_reads_completed_total", "The total number of reads completed successfully."),
    (2, SECTOR, "node_disk_read_bytes_total", "The total number of bytes read successfully."),
    (3, 0.001, "node_disk_read_time_seconds_total", "The total number of seconds spent by all reads."),
    (4, 1.0, "node_disk_writes_completed_total", "The total number of writes completed successfully."),
    (6, SECTOR, "node_disk_written_bytes_total", "The total number of bytes written successfully."),
    (
        7,
        0.001,
        "node_disk_write_time_seconds_total",
        "This is the total number of seconds spent by all writes.",
    ),
    (9, 0.001, "node_disk_io_time_seconds_total", "Total seconds spent doing I/Os."),
];

pub(super) fn collect(machine: &mut Machine, page: &mut PageBuilder) -> Result<(), String> {
    let text = machine.read("diskstats")?;
    let devices: Vec<(&str, Vec<&str>)> = text
        .lines()
        .filter_map(|line| {
            let mut columns = line.split_whitespace().skip(2);
            Some((columns.next()?, columns.collect()))
        })
        .filter(|(device, _)| !device.starts_with("loop") && !device.starts_with("ram"))
        .collect();
    for (column, unit, name, help) in FIELDS {
        page.family(name, help, Kind::Counter);
        for (device, columns) in &devices {
            let Some(value) = columns.get(column).and_then(|value| value.parse::<f64>().ok()) else {
                continue;
            };
            page.sample(name, &[("device", device)], value * unit);
        }
    }
    Ok(())
}
