"""A dashboard from its sections: places and ids of panels, template variables, links between dashboards."""

from queries import DATASOURCE

COLUMNS = 24
ALL = {"selected": True, "text": ["All"], "value": ["$__all"]}


def label_values(name, selector, *, label=None, only=None, about):
    """A variable: the values of a label, any number of them, or all; with `only`, exactly one.

    All is `.*`, so an instance that comes later is shown without a reload.
    """
    variable = {
        "allowCustomValue": False,
        "current": {"selected": True, "text": only, "value": only} if only else ALL,
        "datasource": DATASOURCE,
        "description": about,
        "hide": 0,
        "includeAll": only is None,
        "label": name,
        "multi": only is None,
        "name": name,
        "options": [],
        "query": {"qryType": 1, "query": f"label_values({selector}, {label or name})",
                  "refId": "PrometheusVariableQueryEditor-VariableQuery"},
        "refresh": 2,
        "sort": 1,
        "type": "query",
    }
    return variable if only else dict(variable, allValue=".*")


def choice(name, values, current, *, about):
    """A variable with fixed values."""
    return {
        "allowCustomValue": False,
        "current": {"selected": True, "text": current, "value": current},
        "description": about,
        "hide": 0,
        "includeAll": False,
        "label": name,
        "multi": False,
        "name": name,
        "options": [{"selected": value == current, "text": value, "value": value} for value in values],
        "query": ",".join(values),
        "type": "custom",
    }


def _place(sections):
    """Panels from left to right, a new line where one has no room; a section begins with its title."""
    placed, y = [], 0
    for title, panels in sections:
        placed.append({"collapsed": False, "gridPos": {"h": 1, "w": COLUMNS, "x": 0, "y": y},
                       "id": len(placed) + 1, "panels": [], "title": title, "type": "row"})
        x, y, line = 0, y + 1, 0
        for panel in panels:
            size = panel["gridPos"]
            if x + size["w"] > COLUMNS:
                x, y, line = 0, y + line, 0
            placed.append(dict(panel, gridPos=dict(size, x=x, y=y), id=len(placed) + 1))
            x, line = x + size["w"], max(line, size["h"])
        y += line
    return placed


def dashboard(uid, title, description, tags, variables, sections):
    """The whole dashboard, as provisioning reads it."""
    return {
        "description": description,
        "editable": True,
        "fiscalYearStartMonth": 0,
        "graphTooltip": 1,
        "id": None,
        "links": [{
            "asDropdown": False, "icon": "external link", "includeVars": False, "keepTime": True,
            "tags": ["pushpull"], "targetBlank": False, "title": "", "tooltip": "", "type": "dashboards",
        }],
        "panels": _place(sections),
        "refresh": "15s",
        "schemaVersion": 42,
        "tags": ["pushpull", *tags],
        "templating": {"list": variables},
        "time": {"from": "now-30m", "to": "now"},
        "timepicker": {},
        "timezone": "browser",
        "title": title,
        "uid": uid,
        "weekStart": "",
    }
