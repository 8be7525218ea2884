"""Overview: the article's four sections and its twelve panels, and some more, by the path one chooses.

The twelve, as the article's own grafana.json has them: CPU usage, memory usage, network traffic, disk
free, response time distribution, total requests, mean response time, request rate, process memory,
garbage collection, application CPU, application memory. Rust has no garbage collector: threads and open
files stand in its place.
"""

from layout import dashboard, label_values
from panels import bars, gauge, heatmap, stat, timeseries
from queries import buckets, now, or_none, query, steps

API = 'job=~"$job", instance=~"$instance", path=~"$path"'
RATE = "[$__rate_interval]"
REQUESTS = f"rate(http_requests_total{{{API}}}{RATE})"
DURATION = "http_request_duration_seconds"
PERCENT_LIMITS = steps((80, "yellow"), (90, "red"))
HALF_SECOND = steps((0.5, "red"))


def gauge_of(metric):
    """A gauge of the API, one series an instance."""
    return f"max by (instance) ({metric}{{{API}}})"


def quantile(part):
    """A quantile of all chosen instances, from the histogram."""
    return f"histogram_quantile({part}, sum by (le) (rate({DURATION}_bucket{{{API}}}{RATE})))"


VARIABLES = [
    label_values("path", "app_requests_total", only="push",
                 about="The way that the shown series came: pull, push, or the agent's fallback page."),
    label_values("job", 'app_requests_total{path=~"$path"}', about="Jobs of the API on that path."),
    label_values("instance", 'app_requests_total{path=~"$path", job=~"$job"}', about="Instances of the API."),
]

SYSTEM = [
    timeseries(
        "CPU usage", "CPU of the whole system and of the API's process, as the API measures them each second. "
        "100 % of the application is one core.",
        query(gauge_of("system_cpu_percent"), "system {{instance}}"),
        query(gauge_of("app_cpu_percent"), "application {{instance}}"),
        unit="percent", width=9, limits=PERCENT_LIMITS),
    gauge(
        "Memory usage", "Share of the system's memory in use, and the part of it that the API's process holds.",
        now(gauge_of("system_memory_percent"), "system {{instance}}"),
        now(gauge_of("app_memory_percent"), "application {{instance}}"),
        unit="percent", width=6, limits=PERCENT_LIMITS),
    timeseries(
        "Network traffic", "Bytes received, and sent (below zero), by the hosts on this path, loopback left out. "
        "On pull they come from node_exporter, else from the agent; job and instance do not choose among hosts.",
        query(f'sum by (instance) (rate(node_network_receive_bytes_total{{path=~"$path", device!="lo"}}{RATE}))',
              "received {{instance}}"),
        query(f'-sum by (instance) (rate(node_network_transmit_bytes_total{{path=~"$path", device!="lo"}}{RATE}))',
              "sent {{instance}}"),
        unit="Bps", width=9, low=None),
    stat(
        "Disk free", "Free share of the disk that the API runs on.",
        query(gauge_of("system_disk_free_percent"), "{{instance}}"),
        unit="percent", width=9, limits=steps((10, "yellow"), (20, "green"), below="red")),
    timeseries(
        "Disk usage", "Bytes in use, free, and in all, on the disk that the API runs on.",
        query(gauge_of("system_disk_usage_bytes"), "used {{instance}}"),
        query(gauge_of("system_disk_free_bytes"), "free {{instance}}"),
        query(gauge_of("system_disk_total_bytes"), "total {{instance}}"),
        unit="bytes", width=15, height=5),
]

REQUEST = [
    stat(
        "Total requests", "Requests to the article's endpoint since each instance started.",
        query(f"sum by (instance) (app_requests_total{{{API}}})", "{{instance}}"),
        unit="short", height=8),
    timeseries(
        "Request rate", "Requests to the article's endpoint a second.",
        query(f"sum by (instance) (rate(app_requests_total{{{API}}}{RATE}))", "{{instance}}"), unit="reqps", width=9),
    timeseries(
        "Mean response time", "Mean time of the article's endpoint, which works for 0.1 to 0.5 s. "
        "No value where no request came.",
        query(f"sum by (instance) (rate(app_request_processing_seconds_sum{{{API}}}{RATE}))"
              f" / sum by (instance) (rate(app_request_processing_seconds_count{{{API}}}{RATE}))", "{{instance}}"),
        unit="s", width=9, limits=HALF_SECOND),
    timeseries(
        "Response times p50, p90, p99", "Quantiles over the chosen instances, from the histogram's buckets. All "
        "requests count, scrapes and probes too. The line is the article's 500 ms.",
        query(quantile(0.5), "p50"), query(quantile(0.9), "p90"), query(quantile(0.99), "p99"),
        unit="s", width=12, limits=HALF_SECOND),
    timeseries(
        "Requests by route and status", "Answers a second by route template and status, over the chosen instances.",
        query(f"sum by (route, status) ({REQUESTS})", "{{route}} {{status}}"), unit="reqps", width=12, stacked=True),
]

PERFORMANCE = [
    heatmap(
        "Response times", "How many requests fell into each of the histogram's buckets, over time. Grafana "
        "calculates nothing: these are the buckets that the API counts.",
        buckets(f"sum by (le) (increase({DURATION}_bucket{{{API}}}{RATE}))"), unit="s"),
    bars(
        "Response time distribution", "Requests in each bucket, in the whole shown time.",
        buckets(f"sum by (le) (increase({DURATION}_bucket{{{API}}}[$__range]))", instant=True),
        unit="short", width=6, height=9),
    timeseries(
        "Quantiles of the endpoint", "The summary that each instance keeps of the article's endpoint: exact, but "
        "not to be added up over instances. No value until the first request.",
        query(f"max by (instance, quantile) (app_request_processing_seconds{{{API}}})",
              "{{quantile}} {{instance}}"),
        unit="s", width=6, height=9, limits=HALF_SECOND),
    stat(
        "Faster than 500 ms", "Share of all requests answered within 500 ms, the article's limit.",
        query(f'sum(rate({DURATION}_bucket{{{API}, le="0.5"}}{RATE})) / sum(rate({DURATION}_count{{{API}}}{RATE}))',
              "all instances"),
        unit="percentunit", limits=steps((0.9, "yellow"), (0.95, "green"), below="red"), height=8),
    timeseries(
        "Error ratio", "Share of answers with a 5xx status. Zero while there are none.",
        query(f'(sum by (instance) (rate(http_requests_total{{{API}, status=~"5.."}}{RATE}))'
              f" or 0 * sum by (instance) ({REQUESTS})) / sum by (instance) ({REQUESTS})", "{{instance}}"),
        unit="percentunit", width=6, high=1, limits=steps((0.01, "yellow"), (0.05, "red"))),
    timeseries(
        "Requests in flight", "Requests begun and not yet answered.",
        query(f"sum by (instance) (http_requests_in_flight{{{API}}})", "{{instance}}"), unit="short", width=6),
    timeseries(
        "Turned away", "Requests a second turned away by a limit: rate, concurrency, or body size. Zero while there "
        "are none.",
        query(or_none(f"sum by (instance, reason) (rate(http_requests_rejected_total{{{API}}}{RATE}))",
                      f"http_requests_in_flight{{{API}}}", "instance", "reason"), "{{reason}} {{instance}}"),
        unit="reqps", width=6),
]

APPLICATION = [
    timeseries("Application CPU", "CPU of the API's process; 100 % is one core.",
               query(gauge_of("app_cpu_percent"), "{{instance}}"), unit="percent", limits=PERCENT_LIMITS),
    timeseries("Application memory", "Resident memory of the API's process.",
               query(gauge_of("app_memory_bytes"), "{{instance}}"), unit="bytes"),
    timeseries("Application memory share", "Resident memory of the API's process as a share of the system's.",
               query(gauge_of("app_memory_percent"), "{{instance}}"), unit="percent"),
    timeseries("Process memory", "Resident and virtual memory as /proc tells them.",
               query(gauge_of("process_resident_memory_bytes"), "resident {{instance}}"),
               query(gauge_of("process_virtual_memory_bytes"), "virtual {{instance}}"), unit="bytes"),
    timeseries("Threads and open files", "In place of the article's Python garbage collection, which Rust has not.",
               query(gauge_of("process_threads"), "threads {{instance}}"),
               query(gauge_of("process_open_fds"), "open files {{instance}}"), unit="short"),
    stat("Running for", "Time since each instance started. A drop is a restart.",
         query(f"time() - {gauge_of('process_start_time_seconds')}", "{{instance}}"),
         unit="dtdurations", width=8, height=8, spark=False),
]

DASHBOARD = dashboard(
    "pushpull-overview", "pushpull: Overview",
    "The article's dashboard: system, API, performance and application, by the path one chooses.",
    ["api"], VARIABLES, [
        ("System overview (Visão Geral do Sistema)", SYSTEM),
        ("API metrics (Métricas da API)", REQUEST),
        ("Performance details (Detalhes de Performance)", PERFORMANCE),
        ("Application resources (Recursos da Aplicação)", APPLICATION),
    ])
