//! Filesystems: size, space left, and whether they are read-only.

use exposition::{Kind, PageBuilder};
use sysinfo::{Disk, DiskRefreshKind, Disks};

use super::Machine;

type Value = fn(&Disk) -> f64;

const FIELDS: [(&str, &str, Value); 3] = [
    ("node_filesystem_size_bytes", "Filesystem size in bytes.", |disk| disk.total_space() as f64),
    ("node_filesystem_avail_bytes", "Filesystem space available to non-root users in bytes.", |disk| {
        disk.available_space() as f64
    }),
    ("node_filesystem_readonly", "Filesystem read-only status.", |disk| {
        f64::from(u8::from(disk.is_read_only()))
    }),
];

pub(super) fn collect(machine: &mut Machine, page: &mut PageBuilder) -> Result<(), String> {
    let kind = DiskRefreshKind::nothing().with_storage();
    let disks = match &mut machine.disks {
        Some(disks) => {
            disks.refresh_specifics(true, kind);
            disks
        }
        none => {
            let disks = Disks::new_with_refreshed_list_specifics(kind).map_err(|error| error.to_string())?;
            none.insert(disks)
        }
    };
    let mut seen = Vec::new();
    for (name, help, value) in FIELDS {
        page.family(name, help, Kind::Gauge);
        seen.clear();
        for disk in disks.iter() {
            let device = disk.name().to_string_lossy();
            let mountpoint = disk.mount_point().display().to_string();
            let fstype = disk.file_system().to_string_lossy();
            // A mount over a mount is listed twice; the upper one is what a path there finds.
            if seen.contains(&mountpoint) {
                continue;
            }
            page.sample(
                name,
                &[("device", &device), ("fstype", &fstype), ("mountpoint", &mountpoint)],
                value(disk),
            );
            seen.push(mountpoint);
        }
    }
    Ok(())
}
