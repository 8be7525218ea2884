"""Agent and gateway: what is collected, sent, refused and waiting, and what the gateway holds and answers."""

from layout import dashboard, label_values
from panels import column, stat, states, table, timeseries
from queries import COLOURED, UP, names, or_none, query, rows, steps

AGENT = 'instance=~"$agent", path=~"$path"'
GROUPS = 'job=~"$job", instance=~"$instance"'
RATE = "[$__rate_interval]"
WHO = "path, instance, endpoint"
WHERE = "{{path}} {{instance}} {{endpoint}}"
AGE = f"time() - max by (job, instance) (push_time_seconds{{{GROUPS}}})"


def own(metric, by=WHO, how="max"):
    """A gauge of the agent itself."""
    return f"{how} by ({by}) (pushpull_agent_{metric}{{{AGENT}}})"


def failures(title, about, metric):
    """A counter by reason, and the reason `none` until there is one."""
    expr = or_none(f"sum by ({WHO}, reason) (increase(pushpull_agent_{metric}{{{AGENT}}}{RATE}))",
                   f"pushpull_agent_endpoint_up{{{AGENT}}}", WHO, "reason")
    return timeseries(title, f"{about} Zero with the reason `none` until it happens.",
                      query(expr, "{{path}} {{reason}} {{instance}} {{endpoint}}"), unit="short", compared=True)


VARIABLES = [
    label_values("path", "pushpull_agent_sent_total",
                 about="The way that the agent's own figures came. When the gateway is down, fallback still tells."),
    label_values("agent", 'pushpull_agent_sent_total{path=~"$path"}', label="instance", about="Agents, by host."),
    label_values("job", "push_time_seconds", about="Jobs of the gateway's groups."),
    label_values("instance", 'push_time_seconds{job=~"$job"}', about="Instances of the gateway's groups."),
]

SENDING = [
    states("Endpoints", "Whether the last push to each endpoint was taken.",
           query(own("endpoint_up", how="min"), WHERE), mappings=UP),
    timeseries("Time since the last good push", "By the agent's clock. The line is the groups' usual life.",
               query(f"time() - {own('last_sent_time_seconds')}", WHERE),
               unit="s", width=12, height=7, compared=True, limits=steps((60, "red"))),
    timeseries("Sent", "Pushes a second that an endpoint took.",
               query(f"sum by ({WHO}) (rate(pushpull_agent_sent_total{{{AGENT}}}{RATE}))", WHERE),
               unit="ops", compared=True),
    timeseries("Bytes sent", "Bytes a second, as compressed.",
               query(f"sum by ({WHO}) (rate(pushpull_agent_sent_bytes_total{{{AGENT}}}{RATE}))", WHERE),
               unit="Bps", compared=True),
    timeseries("Waiting snapshots", "Snapshots that wait to be sent to each endpoint. Only the newest of each group "
               "waits, so more than the number of groups is not possible; a steady number means the endpoint is down.",
               query(own("waiting_snapshots"), WHERE), unit="short", compared=True, limits=steps((3, "yellow"))),
    failures("Refused, by reason", "Pushes refused for good: trying again would not help.", "refused_total"),
    failures("Retried, by reason", "Pushes that are tried again.", "retried_total"),
    failures("Dropped, by reason", "Snapshots never sent: a newer one took their place, or the agent ended.",
             "dropped_total"),
]

COLLECTING = [
    timeseries("Collections", "Times a second that each source was read.",
               query(f"sum by (path, instance, source) (rate(pushpull_agent_collections_total{{{AGENT}}}{RATE}))",
                     "{{path}} {{instance}} {{source}}"), unit="ops", compared=True),
    timeseries("Failed collections, by reason", "Sources that could not be read: their group then says up 0. Zero "
               "with the reason `none` until it happens.",
               query(or_none("sum by (path, instance, source, reason) "
                             f"(increase(pushpull_agent_collection_failures_total{{{AGENT}}}{RATE}))",
                             f"pushpull_agent_collections_total{{{AGENT}}}", "path, instance, source", "reason"),
                     "{{path}} {{reason}} {{instance}} {{source}}"), unit="short", compared=True),
    timeseries("Samples left out, by reason", "Samples of a page that are not passed on: series that stood twice, or "
               "times far ahead. Zero with the reason `none` until it happens.",
               query(or_none("sum by (path, instance, source, reason) "
                             f"(increase(pushpull_agent_dropped_samples_total{{{AGENT}}}{RATE}))",
                             f"pushpull_agent_collections_total{{{AGENT}}}", "path, instance, source", "reason"),
                     "{{path}} {{reason}} {{instance}} {{source}}"), unit="short", compared=True),
    timeseries("Age of the newest snapshot", "As the agent's own page tells it. It comes by the fallback only.",
               query(f"max by (job, instance, source) (pushpull_agent_snapshot_age_seconds{{{GROUPS}}})",
                     "{{job}} {{instance}} {{source}}"), unit="s"),
    timeseries("Time to scrape each page", "What the agent's scrapes of its targets took, as pushed with their groups.",
               query('max by (path, instance) (scrape_duration_seconds{job!~"pushgateway|agent-fallback", '
                     f'path=~"push|fallback", {GROUPS}}})', "{{path}} {{instance}}"), unit="s", compared=True),
    timeseries("The agent's CPU", "Of one core.",
               query('sum by (path, instance) (rate(process_cpu_seconds_total{job="pushpull-agent", '
                     f"{AGENT}}}{RATE}))", "{{path}} {{instance}}"), unit="percentunit", width=4, compared=True),
    timeseries("The agent's memory", "Resident.",
               query(f'max by (path, instance) (process_resident_memory_bytes{{job="pushpull-agent", {AGENT}}})',
                     "{{path}} {{instance}}"), unit="bytes", width=4, compared=True),
]

GATEWAY = [
    stat("Gateway", "Whether Prometheus reaches the gateway.",
         query('min by (instance) (up{job="pushgateway"})', "{{instance}}"),
         unit="none", width=4, height=8, mappings=UP, limits=steps((1, "green"), below="red"),
         spark=False, text="value"),
    stat("Groups", "Groups that the gateway holds. Zero when there are none.",
         query(f"count(push_time_seconds{{{GROUPS}}}) or vector(0)", "groups"), unit="short", width=4, height=8,
         text="value"),
    table("Groups and their ages", "Time since each group's last good push, and whether its last push failed.",
          rows(AGE),
          rows(f"max by (job, instance) (push_failure_time_seconds{{{GROUPS}}})"
               f" > bool max by (job, instance) (push_time_seconds{{{GROUPS}}})"),
          unit="none", width=16, sort="Age",
          columns={"job": "Job", "instance": "Instance", "Value #A": "Age", "Value #B": "Last push"},
          overrides=[
              column("Age", unit="s", custom__cellOptions=COLOURED,
                     thresholds={"mode": "absolute", "steps": steps((60, "red"))}),
              column("Last push", custom__cellOptions=COLOURED,
                     mappings=names(v0=("taken", "green"), v1=("failed", "red"))),
          ]),
    timeseries("Requests by handler and code", "What the gateway answered, a second.",
               query(f"sum by (handler, method, code) (rate(pushgateway_http_requests_total{RATE}))",
                     "{{handler}} {{method}} {{code}}"), unit="reqps"),
    timeseries("Failed pushes by code", "Pushes that the gateway did not take, a second. Zero with the code `none` "
               "until it happens.",
               query(f'sum by (code) (rate(pushgateway_http_requests_total{{handler="push", code!~"2.."}}{RATE}))'
                     ' or label_replace(vector(0), "code", "none", "", "")', "{{code}}"), unit="reqps",
               limits=steps((0.001, "red"))),
    timeseries("Time of a push", "Mean time that the gateway took, by method.",
               query(f"sum by (method) (rate(pushgateway_http_push_duration_seconds_sum{RATE}))"
                     f" / sum by (method) (rate(pushgateway_http_push_duration_seconds_count{RATE}))", "{{method}}"),
               unit="s"),
    timeseries("Size of a push", "Mean bytes of a push, by method.",
               query(f"sum by (method) (rate(pushgateway_http_push_size_bytes_sum{RATE}))"
                     f" / sum by (method) (rate(pushgateway_http_push_size_bytes_count{RATE}))", "{{method}}"),
               unit="bytes", width=6),
    timeseries("Samples of a scrape", "How many samples Prometheus takes from the gateway each time.",
               query('max by (instance) (scrape_samples_scraped{job="pushgateway"})', "{{instance}}"),
               unit="short", width=6),
    timeseries("The gateway's memory", "Resident.",
               query('max by (instance) (process_resident_memory_bytes{job="pushgateway"})', "{{instance}}"),
               unit="bytes", width=6),
    timeseries("The gateway's CPU", "Of one core.",
               query(f'sum by (instance) (rate(process_cpu_seconds_total{{job="pushgateway"}}{RATE}))',
                     "{{instance}}"), unit="percentunit", width=6),
]

DASHBOARD = dashboard(
    "pushpull-agent-and-gateway", "pushpull: Agent and gateway",
    "What the agent collects and sends, what waits or fails, and what the gateway holds.",
    ["agent", "gateway"], VARIABLES, [
        ("Agent: sending", SENDING),
        ("Agent: collecting", COLLECTING),
        ("Gateway", GATEWAY),
    ])
