//! Filesystems: size, space and files left, as `statvfs(3)` of each mount says.
//!
//! Mounts are those of process 1, so that a container which has the host's /proc and / mounted
//! sees the host's; what `node_exporter` leaves out by default is left out here.

use std::collections::BTreeMap;

use exposition::{Kind, PageBuilder};
use rustix::fs::{StatVfs, StatVfsMountFlags, statvfs};

use super::Machine;

type Value = fn(&StatVfs) -> f64;

const FIELDS: [(&str, &str, Value); 6] = [
    ("node_filesystem_avail_bytes", "Filesystem space available to non-root users in bytes.", |stat| {
        (stat.f_bavail * stat.f_frsize) as f64
    }),
    ("node_filesystem_files", "Filesystem total file nodes.", |stat| stat.f_files as f64),
    ("node_filesystem_files_free", "Filesystem total free file nodes.", |stat| stat.f_ffree as f64),
    ("node_filesystem_free_bytes", "Filesystem free space in bytes.", |stat| {
        (stat.f_bfree * stat.f_frsize) as f64
    }),
    ("node_filesystem_readonly", "Filesystem read-only status.", |stat| {
        f64::from(u8::from(stat.f_flag.contains(StatVfsMountFlags::RDONLY)))
    }),
    ("node_filesystem_size_bytes", "Filesystem size in bytes.", |stat| {
        (stat.f_blocks * stat.f_frsize) as f64
    }),
];

/// Types that hold no files of anybody's, and those that only show another filesystem again.
const NO_TYPES: [&str; 29] = [
    "autofs",
    "binfmt_misc",
    "bpf",
    "cgroup",
    "cgroup2",
    "configfs",
    "debugfs",
    "devpts",
    "devtmpfs",
    "efivarfs",
    "erofs",
    "fusectl",
    "hugetlbfs",
    "iso9660",
    "mqueue",
    "nsfs",
    "overlay",
    "proc",
    "procfs",
    "pstore",
    "rpc_pipefs",
    "securityfs",
    "selinuxfs",
    "squashfs",
    "sysfs",
    "tracefs",
    "ramfs",
    "rootfs",
    "binder",
];

#[derive(Debug, PartialEq, Eq)]
struct Mount {
    device: String,
    fstype: String,
}

pub(super) fn collect(machine: &mut Machine, page: &mut PageBuilder) -> Result<(), String> {
    let text = machine.read("1/mounts").or_else(|_| machine.read("self/mounts"))?;
    let mounts: Vec<(String, Mount, Option<StatVfs>)> = mounts(&text)
        .into_iter()
        .map(|(point, mount)| {
            let stat = statvfs(machine.rootfs.join(point.trim_start_matches('/'))).ok();
            (point, mount, stat)
        })
        .collect();
    let labels = |point: &str, mount: &Mount| {
        [("device", mount.device.clone()), ("fstype", mount.fstype.clone()), ("mountpoint", point.to_owned())]
    };
    for (name, help, value) in FIELDS {
        page.family(name, help, Kind::Gauge);
        for (point, mount, stat) in &mounts {
            let Some(stat) = stat else { continue };
            let labels = labels(point, mount);
            page.sample(name, &labels.each_ref().map(|(name, value)| (*name, value.as_str())), value(stat));
        }
    }
    let name = "node_filesystem_device_error";
    let help = "Whether an error occurred while getting statistics for the given device.";
    page.family(name, help, Kind::Gauge);
    for (point, mount, stat) in &mounts {
        let labels = labels(point, mount);
        let error = f64::from(u8::from(stat.is_none()));
        page.sample(name, &labels.each_ref().map(|(name, value)| (*name, value.as_str())), error);
    }
    Ok(())
}

/// The mounts that count, by mount point: of several over one another the last is what a path finds.
fn mounts(text: &str) -> BTreeMap<String, Mount> {
    let mut mounts = BTreeMap::new();
    for line in text.lines() {
        let mut columns = line.split(' ').map(unescape);
        let (Some(device), Some(point), Some(fstype)) = (columns.next(), columns.next(), columns.next())
        else {
            continue;
        };
        if NO_TYPES.contains(&fstype.as_str()) || is_left_out(&point) {
            continue;
        }
        mounts.insert(point, Mount { device, fstype });
    }
    mounts
}

fn is_left_out(point: &str) -> bool {
    let below =
        |root: &str| point.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let inside =
        |root: &str| point.strip_prefix(root).is_some_and(|rest| rest.len() > 1 && rest.starts_with('/'));
    ["/dev", "/proc", "/sys"].into_iter().any(below)
        || ["/run/credentials", "/var/lib/docker", "/var/lib/containers/storage"].into_iter().any(inside)
}

/// `\040` is a space (`fstab(5)`).
fn unescape(text: &str) -> String {
    let mut plain = text.to_owned();
    for (escape, character) in [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")] {
        plain = plain.replace(escape, character);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts_are_those_that_node_exporter_shows() {
        let text = "proc /proc proc rw 0 0\n/dev/sda1 / ext4 rw 0 0\noverlay /var/lib/docker/overlay2/x/merged overlay rw 0 0\n\
                    /dev/sdb /mnt/a\\040b xfs rw 0 0\ntmpfs /dev/shm tmpfs rw 0 0\ntmpfs /run tmpfs rw 0 0\n\
                    /dev/sdc /run ext4 rw 0 0\n/dev/sdd /devices ext4 rw 0 0\nx /run/credentials/y ramfs rw 0 0\n";
        let mounts = mounts(text);
        let points: Vec<&str> = mounts.keys().map(String::as_str).collect();
        assert_eq!(points, ["/", "/devices", "/mnt/a b", "/run"]);
        assert_eq!(mounts["/run"], Mount { device: "/dev/sdc".to_owned(), fstype: "ext4".to_owned() });
    }
}
