"""Queries and the fields that show them: what all kinds of panel have in common."""

DATASOURCE = {"type": "prometheus", "uid": "prometheus"}

# One colour for each way, in all dashboards. Legends of compared series begin with the path.
PATH_COLOURS = {"pull": "green", "push": "blue", "fallback": "orange"}


def query(expr, legend="", *, instant=False, form="time_series"):
    """One PromQL query. Tables and bars of a histogram ask for one moment, graphs for a range."""
    return {
        "datasource": DATASOURCE,
        "editorMode": "code",
        "expr": " ".join(expr.split()),
        "format": form,
        "instant": instant,
        "legendFormat": legend,
        "range": not instant,
    }


def now(expr, legend=""):
    """The value at the end of the shown time."""
    return query(expr, legend, instant=True)


def rows(expr):
    """A table: one row a series, one column a label."""
    return query(expr, instant=True, form="table")


def buckets(expr, *, instant=False):
    """Buckets of a histogram: Grafana undoes their being cumulative and orders them by `le`."""
    return query(expr, "{{le}}", instant=instant, form="heatmap")


def or_none(expr, base, by, label):
    """`expr`, and zero with `label="none"` for those of `base` that have no such series yet.

    Counters of failures appear with the first failure: until then a panel would say "No data", which
    cannot be told from a broken query.
    """
    zero = f'label_replace(0 * sum by ({by}) ({base}), "{label}", "none", "", "")'
    return f"{expr} or on ({by}) {zero}"


def steps(*limits, below="green"):
    """Thresholds: `below` up to the first limit, then the colour of each."""
    return [{"color": below, "value": None}] + [{"color": colour, "value": value} for value, colour in limits]


def names(**texts):
    """Value mappings: `names(v0=("down", "red"))` shows 0 as "down" on red, `v_1` stands for -1."""
    options = {}
    for index, (key, (text, colour)) in enumerate(texts.items()):
        options[key[1:].replace("_", "-")] = {"color": colour, "index": index, "text": text}
    return [{"options": options, "type": "value"}]


COLOURED = {"type": "color-text"}
UP = names(v0=("down", "red"), v1=("up", "green"))
SEEN = names(v0=("missing", "red"), v1=("seen", "green"))


def fields(unit, *, thresholds=None, mappings=(), colour="palette-classic", low=None, high=None,
           decimals=None, custom=None, overrides=()):
    """A panel's fieldConfig."""
    defaults = {
        "color": {"mode": colour},
        "mappings": list(mappings),
        "thresholds": {"mode": "absolute", "steps": thresholds or steps()},
        "unit": unit,
    }
    for key, value in (("min", low), ("max", high), ("decimals", decimals), ("custom", custom)):
        if value is not None:
            defaults[key] = value
    return {"defaults": defaults, "overrides": list(overrides)}


def override(matcher, options, **properties):
    """Other properties for some fields; `custom__width=90` is the property `custom.width`."""
    return {
        "matcher": {"id": matcher, "options": options},
        "properties": [{"id": key.replace("__", "."), "value": value} for key, value in properties.items()],
    }


def by_path():
    """Overrides that give each path its colour, in shades where it has several series."""
    return [
        override("byRegexp", f"/^{path}( |$)/", color={"fixedColor": colour, "mode": "shades"})
        for path, colour in PATH_COLOURS.items()
    ]
