"""Grafana's alert rules: the few that a person must hear of even when Alertmanager is down.

The full set lives in Prometheus (gateway-config/rules/alerts.yml); names, limits, times and severities
are the same there, and check/ compares them. A query here gives a value for each instance, good or bad,
and a threshold decides.
"""

import json
import re

from queries import DATASOURCE

# Not the dashboards' folder: which of the two would make it first is not for us to know.
FOLDER = "pushpull alerts"
# Grafana's scheduler wakes each 10 s and takes multiples of that only.
INTERVAL = "30s"
RULES = []


def rule(name, lasts, severity, expr, kind, limit, summary, absent="OK"):
    """Adds a rule: it fires when `expr` is greater ("gt") or less ("lt") than the limit for so long.

    `absent` is the state without data: OK where another alert tells of what is missing.
    """
    RULES.append({"name": name, "for": lasts, "severity": severity, "expr": " ".join(expr.split()), "kind": kind,
                  "limit": limit, "summary": summary, "absent": absent})


# No API at all has no series: that is NoData, and Grafana tells of it as it does of an alert.
rule("ApiDown", "90s", "page",
     '''max by (instance) (path_instance:api:up) and on (instance)
        (path_instance:api:up{path!="push"} or path_job_instance:data:fresh{job="api",path="push"} == 1)''',
     "lt", 1, "API {{ $labels.instance }} is down", absent="NoData")
rule("ApiErrorRatioHigh", "2m", "page", "path_instance:http_errors:ratio1m", "gt", 0.05,
     "API {{ $labels.instance }} denies over 5 % of requests, seen by {{ $labels.path }}")
# Below 20 requests a minute one slow request is already 5 %: then 0 stands for the time.
rule("ApiLatencyHigh", "5m", "warning",
     "path_instance:http_request_duration_seconds:p95_1m * (path_instance:app_requests:rate1m > bool 1/3)",
     "gt", 0.5, "API {{ $labels.instance }}: p95 is over 500 ms, seen by {{ $labels.path }}")
rule("PushFailing", "1m", "warning",
     '''min by (instance, endpoint)
        (pushpull_agent_endpoint_up and on (path, instance) path_instance:agent:up == 1)''',
     "lt", 1, "Agent {{ $labels.instance }} cannot push to {{ $labels.endpoint }}")
rule("PushGroupStale", "1m", "warning", "time() - (push_time_seconds > 0)", "gt", 300,
     "Nobody pushes to the group {{ $labels.job }}, {{ $labels.instance }}")
rule("AgentDown", "1m", "page",
     '''(max by (instance) (path_instance:agent:up)
        or 0 * max by (instance) (max_over_time(path_instance:agent:up[1h])))
        and on (instance) max by (instance) (max_over_time(path_instance:agent:up[1h])) == 1''',
     "lt", 1, "Agent {{ $labels.instance }} is down", absent="NoData")
rule("HostDiskFull", "5m", "page",
     '''path_instance_mountpoint:host_filesystem:ratio
        unless on (path, instance) path_job_instance:data:fresh{job="node"} == 0''',
     "gt", 0.95, "Host {{ $labels.instance }}: {{ $labels.mountpoint }} is over 95 % full")


def _as_grafana(one):
    """A rule as provisioning wants it: A asks Prometheus, B compares."""
    query = {"datasource": DATASOURCE, "editorMode": "code", "expr": one["expr"], "instant": True,
             "intervalMs": 1000, "maxDataPoints": 43200, "range": False, "refId": "A"}
    threshold = {"conditions": [{"evaluator": {"params": [one["limit"]], "type": one["kind"]}}],
                 "datasource": {"type": "__expr__", "uid": "__expr__"}, "expression": "A", "intervalMs": 1000,
                 "maxDataPoints": 43200, "refId": "B", "type": "threshold"}
    span = {"from": 300, "to": 0}
    return {
        "uid": "pushpull-" + re.sub("(?<!^)([A-Z])", r"-\1", one["name"]).lower(),
        "title": one["name"],
        "condition": "B",
        "data": [
            {"refId": "A", "relativeTimeRange": span, "datasourceUid": DATASOURCE["uid"], "model": query},
            {"refId": "B", "relativeTimeRange": span, "datasourceUid": "__expr__", "model": threshold},
        ],
        "noDataState": one["absent"],
        "execErrState": "Error",
        "for": one["for"],
        "annotations": {"summary": one["summary"], "runbook_url": f"docs/runbooks.md#{one['name'].lower()}"},
        "labels": {"severity": one["severity"]},
        "isPaused": False,
    }


def _yaml(value, indent=""):
    """YAML of dicts, lists and plain values; every string quoted as in JSON, which YAML reads alike."""
    if not isinstance(value, (dict, list)) or not value:
        return " " + json.dumps(value, ensure_ascii=False) + "\n"
    if isinstance(value, dict):
        return "\n" + "".join(f"{indent}{key}:{_yaml(item, indent + '  ')}" for key, item in value.items())
    items = (_yaml(item, indent + "  ").lstrip() for item in value)
    return "\n" + "".join(f"{indent}- {item}" for item in items)


def as_yaml():
    """alerting/rules.yml."""
    group = {"orgId": 1, "name": "pushpull", "folder": FOLDER, "interval": INTERVAL,
             "rules": [_as_grafana(one) for one in RULES]}
    head = "# Made by grafana-provisioning/source/generate.py from alerts.py: change that.\n"
    return head + _yaml({"apiVersion": 1, "groups": [group]}).lstrip()
