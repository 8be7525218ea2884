#!/usr/bin/env python3
"""Every query of every dashboard, variable and alert rule, listed or asked of a live Prometheus.

expressions.py --list                             one JSON object a line
expressions.py --url http://127.0.0.1:9090        ask each; exit 1 when one has no data, fails, or has not the shape
                                                  that its panel needs
--instance, --job, --path, --agent REGEX          what the variables stand for (all: .*)
--dashboard UID                                   only this one, or only `alerting`

Needs Python's own library only.
"""

import argparse
import json
import math
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "source"))
import alerts  # noqa: E402  the rules' source is their list

BUILT_IN = {"__rate_interval": "1m", "__interval": "15s", "__range": "5m"}
WINDOW, STEP = 300, 15
VARIABLE = re.compile(r"\$\{?(\w+)\}?")
LABEL_VALUES = re.compile(r"label_values\((.*),\s*(\w+)\)")


def fill(text, values):
    """The query with its variables' values in place."""
    return VARIABLE.sub(lambda match: values[match[1]], text)


def listed(chosen):
    """Every query as {dashboard, panel, refId, expr, format, kind, legend, columns}."""
    for path in sorted((ROOT / "dashboards").glob("*.json")):
        board = json.loads(path.read_text())
        values = dict(BUILT_IN)
        for variable in board["templating"]["list"]:
            values[variable["name"]] = chosen.get(variable["name"], variable["current"]["value"])
        yield from _variables(board, values)
        for panel in board["panels"]:
            for target in panel.get("targets", []):
                yield {
                    "dashboard": board["uid"], "panel": panel["title"], "refId": target["refId"],
                    "expr": fill(target["expr"], values), "format": target["format"],
                    "kind": "instant" if target["instant"] else "range", "legend": target["legendFormat"],
                    "columns": _columns(panel, target["refId"]),
                }
    for rule in alerts.RULES:
        yield {"dashboard": "alerting", "panel": rule["name"], "refId": "A", "expr": rule["expr"],
               "format": "table", "kind": "instant", "legend": rule["summary"].replace("$labels.", ""), "columns": []}


def _variables(board, values):
    """A variable's query has values when some series has the label."""
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            selector, label = LABEL_VALUES.fullmatch(variable["query"]["query"]).groups()
            yield {"dashboard": board["uid"], "panel": "variable", "refId": variable["name"],
                   "expr": f"count by ({label}) ({fill(selector, values)})", "format": "table", "kind": "instant",
                   "legend": "", "columns": [label]}


def _columns(panel, ref):
    """The labels that a table shows."""
    found = []
    for step in panel.get("transformations", []):
        found += [key for key in step["options"].get("renameByName", {}) if not key.startswith("Value")]
        found += [step["options"][key] for key in ("rowField", "columnField") if key in step["options"]]
        values = [key for key in step["options"].get("renameByName", {}) if key.startswith("Value #")]
        if values and f"Value #{ref}" not in values:
            found.append(f"no column for {ref}")
    return found


def ask(base, one, kind):
    """What Prometheus answers, as series with their values."""
    form, path = {"query": one["expr"]}, "query"
    if kind == "range":
        now = time.time()
        form, path = dict(form, start=now - WINDOW, end=now, step=STEP), "query_range"
    request = urllib.request.Request(f"{base}/api/v1/{path}", urllib.parse.urlencode(form).encode())
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            data = json.load(answer)["data"]
    except urllib.error.HTTPError as error:
        raise ValueError(json.load(error).get("error", error)) from error
    if data["resultType"] not in ("vector", "matrix"):
        raise ValueError(f"a {data['resultType']}, no series")
    return [(series["metric"], [point[1] for point in series.get("values", [series.get("value")])])
            for series in data["result"]]


def judge(one, series):
    """ok, empty, or what the panel would miss."""
    with_values = [metric for metric, values in series if any(not math.isnan(float(value)) for value in values)]
    if not with_values:
        return "empty" + (" (only NaN)" if series else "")
    needed = re.findall(r"\{\{\s*(\w+)\s*\}\}", one["legend"]) + one["columns"]
    if one["format"] == "heatmap":
        needed.append("le")
        if not {"+Inf"} < {metric.get("le") for metric in with_values}:
            return "shape: not the buckets of a histogram"
    lacking = sorted({label for label in needed for metric in with_values if label not in metric})
    return f"shape: no label {', '.join(lacking)}" if lacking else "ok"


def verdicts(base, one):
    """Each way in which the query is asked, with what came of it."""
    for kind in ("instant", "range") if one["kind"] == "range" else ("instant",):
        try:
            yield kind, judge(one, ask(base, one, kind))
        except (ValueError, urllib.error.URLError) as error:
            yield kind, f"error: {error}"


def main():
    """Lists or asks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--url")
    parser.add_argument("--dashboard")
    for name in ("instance", "job", "path", "agent"):
        parser.add_argument(f"--{name}", default=".*", metavar="REGEX")
    options = parser.parse_args()
    if options.list == bool(options.url):
        parser.error("one of --list and --url")
    count = bad = 0
    for one in listed({name: getattr(options, name) for name in ("instance", "job", "path", "agent")}):
        if options.dashboard not in (None, one["dashboard"]):
            continue
        count += 1
        if options.list:
            print(json.dumps(one, ensure_ascii=False))
            continue
        for kind, verdict in verdicts(options.url.rstrip("/"), one):
            bad += verdict != "ok"
            print(f"{verdict:7} {kind:7} {one['dashboard']} | {one['panel']} | {one['refId']}"
                  + ("" if verdict == "ok" else f"\n        {one['expr']}"))
    if not count:
        parser.error(f"no dashboard {options.dashboard}")
    if options.url:
        print(f"{count} queries, {bad} without what they need")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
