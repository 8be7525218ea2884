"""What no schema sees: ids, places, variables, units, descriptions, and queries that nobody wrote."""

import json
import re
from pathlib import Path

COLUMNS = 24
# From Grafana's packages/grafana-data/src/valueFormats/categories.ts. An unknown id is shown as a suffix, so a
# misspelt one looks almost right.
UNITS = {"none", "short", "percent", "percentunit", "s", "dtdurations", "bytes", "Bps", "reqps", "ops", "pps"}
BUILT_IN = {"__rate_interval", "__range", "__interval"}
VARIABLE = re.compile(r"\$\{?(\w+)\}?")
# An instance that is written out: a name or an address where a variable should be.
FIXED_INSTANCE = re.compile(r'instance\s*(?:=~?|!=|!~)\s*"(?!\$)[^"]|\d+\.\d+\.\d+\.\d+|localhost')
VERSION = json.loads((Path(__file__).parent / "package.json").read_text())["dependencies"]["@grafana/schema"]


def errors(board):
    """Everything wrong with one dashboard; parts that a schema would miss are looked up with care."""
    panels = [panel for panel in board.get("panels", []) if isinstance(panel, dict)]
    found = [*_ids(panels), *_places(panels), *_variables(board, panels)]
    for panel in panels:
        if panel.get("type") != "row":
            found += [f"panel {panel.get('title')!r}: {what}" for what in _panel(panel)]
    if "pushpull" not in board.get("tags", []):
        found.append("the tag pushpull is missing: links between dashboards go by it")
    if board.get("refresh") != "15s":
        found.append("refresh is not 15s")
    return found


def _ids(panels):
    seen = set()
    for panel in panels:
        if panel.get("id") in seen:
            yield f"panel id {panel.get('id')} is used twice"
        seen.add(panel.get("id"))


def _places(panels):
    taken = {}
    for panel in panels:
        title, grid = panel.get("title"), panel.get("gridPos", {})
        x, y, w, h = (grid.get(key, 0) for key in "xywh")
        if not all(isinstance(part, int) for part in (x, y, w, h)):
            continue
        if w < 1 or h < 1 or x < 0 or y < 0 or x + w > COLUMNS:
            yield f"panel {title!r} is outside of the grid"
        cells = [(column, line) for column in range(x, x + w) for line in range(y, y + h)]
        over = next((taken[cell] for cell in cells if cell in taken), None)
        if over is not None:
            yield f"panel {title!r} lies over {over!r}"
        taken.update((cell, title) for cell in cells)


def _queries(panels):
    return [target.get("expr", "") for panel in panels for target in panel.get("targets", [])]


def _variables(board, panels):
    declared = board.get("templating", {}).get("list", [])
    queries = _queries(panels)
    asked = [one["query"].get("query", "") for one in declared if isinstance(one.get("query"), dict)]
    shown = [panel.get("title", "") for panel in panels] + [panel.get("description", "") for panel in panels]
    names = [one.get("name") for one in declared]
    used = {name for text in queries + asked + shown for name in VARIABLE.findall(text)}
    yield from (f"${name} is not declared" for name in sorted(used - set(names) - BUILT_IN))
    yield from (f"${name} is declared and not used" for name in sorted(set(names) - used))
    yield from (f"${name} is declared twice" for name in sorted(set(names)) if names.count(name) > 1)
    yield from (f"${one.get('name')}: datasource is not prometheus" for one in declared
                if one.get("type") == "query" and one.get("datasource", {}).get("uid") != "prometheus")


def _panel(panel):
    if not panel.get("title", "").strip():
        yield "no title"
    if len(panel.get("description", "").strip()) < 5:
        yield "no description"
    if panel.get("pluginVersion") != VERSION:
        yield f"pluginVersion is not {VERSION}, whose types these are"
    if panel.get("datasource", {}).get("uid") != "prometheus":
        yield "datasource is not prometheus"
    if not panel.get("targets"):
        yield "no query"
    refs = [target.get("refId") for target in panel.get("targets", [])]
    if len(set(refs)) < len(refs):
        yield "two queries have one refId"
    for target in panel.get("targets", []):
        expr = target.get("expr", "")
        if not expr.strip():
            yield "an empty query"
        if FIXED_INSTANCE.search(expr):
            yield f"an instance is written out in {expr}"
        if target.get("datasource", {}).get("uid") != "prometheus":
            yield "a query's datasource is not prometheus"
    yield from (f"unknown unit {unit!r}" for unit in _units(panel) if unit not in UNITS)


def _units(value):
    """Every unit in a panel: defaults, overrides, axes, cells."""
    if isinstance(value, dict):
        if isinstance(value.get("unit"), str):
            yield value["unit"]
        if value.get("id") == "unit":
            yield value.get("value")
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _units(item)
