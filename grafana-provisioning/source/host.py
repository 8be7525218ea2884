"""Host: the agent's figures of it, by push and fallback, beside node_exporter's by pull."""

from layout import dashboard, label_values
from panels import stat, timeseries
from queries import PATH_COLOURS, query, steps

HOST = 'job=~"$job", instance=~"$instance", path=~"$path"'
RATE = "[$__rate_interval]"
BUSY = steps((0.8, "yellow"), (0.9, "red"))


def line(title, about, expr, unit, by="", width=8, **more):
    """Lines of all chosen paths in one panel; `by` is a label beside path and instance."""
    legend = "{{path}} {{instance}}" + (f" {{{{{by}}}}}" if by else "")
    return timeseries(title, about, query(expr, legend), unit=unit, width=width, compared=True, **more)


def one(metric):
    """A metric with one series a host."""
    return f"max by (path, instance) ({metric}{{{HOST}}})"


def rate(metric, by, more=""):
    """A counter's rate by one label beside path and instance."""
    return f"sum by (path, instance, {by}) (rate({metric}{{{HOST}{more}}}{RATE}))"


def modes(path):
    """Stacked shares of all CPUs: these cannot lie over one another, so each path has its panel."""
    chosen = HOST.replace('path=~"$path"', f'path="{path}"')
    return timeseries(f"CPU by mode: {path}", "Share of all CPUs by mode. Only this path, whatever is chosen above: "
                      "no data means that the path has none.",
                      query(f"avg by (instance, mode) (rate(node_cpu_seconds_total{{{chosen}}}{RATE}))",
                            "{{mode}} {{instance}}"), unit="percentunit", high=1, stacked=True)


VARIABLES = [
    label_values("path", "node_boot_time_seconds", about="push and fallback are the agent, pull is node_exporter."),
    label_values("job", 'node_boot_time_seconds{path=~"$path"}', about="Jobs that tell of hosts."),
    label_values("instance", 'node_boot_time_seconds{path=~"$path", job=~"$job"}', about="Hosts: a name by the "
                 "agent, an address by node_exporter."),
]

SUMMARY = [
    line("CPU in use", "Share of all CPUs that was not idle.",
         f'1 - avg by (path, instance) (rate(node_cpu_seconds_total{{{HOST}, mode="idle"}}{RATE}))',
         "percentunit", high=1, limits=BUSY),
    line("Memory in use", "Share of memory that is not available.",
         f"1 - {one('node_memory_MemAvailable_bytes')} / {one('node_memory_MemTotal_bytes')}",
         "percentunit", high=1, limits=BUSY),
    stat("Running for", "Time since the host booted.",
         query(f"time() - {one('node_boot_time_seconds')}", "{{path}} {{instance}}"),
         unit="dtdurations", width=8, height=8, spark=False),
    *(modes(path) for path in PATH_COLOURS),
    timeseries("Load", "Processes that run or wait, as means of 1, 5 and 15 minutes.",
               *(query(one(f"node_load{minutes}"), "{{path}} {{instance}} " + f"{minutes}m") for minutes in (1, 5, 15)),
               unit="short", width=12, compared=True),
    timeseries("Processes", "Processes that run, and that wait for a disk.",
               query(one("node_procs_running"), "{{path}} {{instance}} running"),
               query(one("node_procs_blocked"), "{{path}} {{instance}} blocked"),
               unit="short", width=12, compared=True),
]

MEMORY = [
    line("Memory used", "Total less available.",
         f"{one('node_memory_MemTotal_bytes')} - {one('node_memory_MemAvailable_bytes')}", "bytes"),
    line("Cache and buffers", "Memory that holds files, and is given back when it is needed.",
         f"{one('node_memory_Cached_bytes')} + {one('node_memory_Buffers_bytes')}", "bytes"),
    line("Swap used", "Zero on a host without swap.",
         f"{one('node_memory_SwapTotal_bytes')} - {one('node_memory_SwapFree_bytes')}", "bytes"),
]

DISK = [
    line("Filesystems in use", "Share of each filesystem that is not available to users.",
         f"1 - max by (path, instance, mountpoint) (node_filesystem_avail_bytes{{{HOST}}})"
         f" / max by (path, instance, mountpoint) (node_filesystem_size_bytes{{{HOST}}})",
         "percentunit", "mountpoint", width=12, high=1, limits=BUSY),
    line("Filesystem space left", "Bytes available to users.",
         f"min by (path, instance, mountpoint) (node_filesystem_avail_bytes{{{HOST}}})", "bytes", "mountpoint",
         width=12),
    line("Disk reads", "Bytes a second by device.", rate("node_disk_read_bytes_total", "device"), "Bps", "device"),
    line("Disk writes", "Bytes a second by device.", rate("node_disk_written_bytes_total", "device"), "Bps", "device"),
    line("Disk busy", "Share of time in which a device worked.", rate("node_disk_io_time_seconds_total", "device"),
         "percentunit", "device", limits=BUSY),
]

NETWORK = [
    line("Received", "Bytes a second by device, loopback left out.",
         rate("node_network_receive_bytes_total", "device", ', device!="lo"'), "Bps", "device"),
    line("Sent", "Bytes a second by device, loopback left out.",
         rate("node_network_transmit_bytes_total", "device", ', device!="lo"'), "Bps", "device"),
    timeseries("Errors and drops", "Packets a second, both directions, all devices.",
               *(query("+".join(f"sum by (path, instance) (rate(node_network_{way}_{what}_total{{{HOST}}}{RATE}))"
                                for way in ("receive", "transmit")), "{{path}} {{instance}} " + what)
                 for what in ("errs", "drop")), unit="pps", compared=True),
]

DASHBOARD = dashboard(
    "pushpull-host", "pushpull: Host",
    "CPU, memory, disks and network of the hosts, as the agent pushes them and as node_exporter is pulled.",
    ["host"], VARIABLES, [("CPU", SUMMARY), ("Memory", MEMORY), ("Filesystems and disks", DISK),
                          ("Network", NETWORK)])
