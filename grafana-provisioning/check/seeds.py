"""Mistakes that somebody will make one day. Each is put into a good file, and must be caught."""

import copy


def _panel(board, kind):
    return next(panel for panel in board["panels"] if panel["type"] == kind)


def _series(board):
    return _panel(board, "timeseries")


def _custom(board):
    return _series(board)["fieldConfig"]["defaults"]["custom"]


def _variable(board):
    return board["templating"]["list"][0]


def _property(board):
    table = next(panel for panel in board["panels"] if panel["type"] == "table" and panel["fieldConfig"]["overrides"])
    return table["fieldConfig"]["overrides"][0]["properties"][0]


def _rename(part, old, new):
    part[new] = part.pop(old)


def _overlap(board):
    first, second = [panel for panel in board["panels"] if panel["type"] != "row"][:2]
    second["gridPos"]["x"] = first["gridPos"]["x"] + 1


def _same_id(board):
    board["panels"][2]["id"] = board["panels"][1]["id"]


def _expr(board, text):
    _series(board)["targets"][0]["expr"] = text


# Nothing wrong: what "catches" this one catches everything.
CONTROL = "no mistake"
# The eleven that the types were first measured with.
ELEVEN = {
    "misspelt top key": lambda board: board.update(refesh="15s"),
    "misspelt panel key": lambda board: _series(board).update(transparant=True),
    "misspelt grid key": lambda board: _rename(_series(board)["gridPos"], "w", "width"),
    "misspelt target key": lambda board: _series(board)["targets"][0].update(legendformat="x"),
    "misspelt custom key": lambda board: _custom(board).update(lineWith=2),
    "wrong type": lambda board: _series(board).update(id="7"),
    "wrong enum": lambda board: _series(board)["options"]["legend"].update(placement="below"),
    "wrong variable type": lambda board: _variable(board).update(type="querry"),
    "wrong panel type": lambda board: _series(board).update(type="timeserie"),
    "missing part": lambda board: _series(board)["options"].pop("tooltip"),
    "unknown unit": lambda board: _series(board)["fieldConfig"]["defaults"].update(unit="req/s"),
}
SCHEMA = {
    "misspelt option": lambda board: _series(board)["options"].update(legends={}),
    "misspelt variable key": lambda board: _variable(board).update(multy=True),
    "misspelt override property": lambda board: _property(board).update(id="custom.widht"),
    "wrong type of an override": lambda board: _property(board).update(id="custom.width", value="wide"),
    "misspelt transformation": lambda board: _panel(board, "table")["transformations"][0].update(id="mergee"),
    "wrong draw style": lambda board: _custom(board).update(drawStyle="lines"),
    "number outside of an enum": lambda board: _variable(board).update(refresh=9),
    "option of another panel": lambda board: _panel(board, "heatmap")["options"].update(graphMode="area"),
    "missing query": lambda board: _series(board).pop("targets"),
    "missing query part": lambda board: _series(board)["targets"][0].pop("refId"),
    "datasource by another name": lambda board: _series(board).update(datasource={"type": "prometheus", "uid": "prom"}),
    "datasource variable": lambda board: _series(board)["targets"][0].update(
        datasource={"type": "prometheus", "uid": "${datasource}"}),
}
RULES = {
    "id used twice": _same_id,
    "panels over one another": _overlap,
    "panel outside of the grid": lambda board: _series(board)["gridPos"].update(w=30),
    "undeclared variable": lambda board: _expr(board, 'up{job="$service"}'),
    "unused variable": lambda board: board["templating"]["list"].append(dict(_variable(board), name="spare")),
    "empty query": lambda board: _expr(board, " "),
    "instance written out": lambda board: _expr(board, 'up{instance="api:8000"}'),
    "no description": lambda board: _series(board).update(description=""),
    "types of another release": lambda board: _series(board).update(pluginVersion="9.5.0"),
    "lost tag": lambda board: board.update(tags=["api"]),
    "unknown unit of an override": lambda board: _property(board).update(id="unit", value="seconds"),
}
# Mistakes in provisioning, by file: text that is replaced, and by what.
YAML = {
    "datasources/prometheus.yml": [("isDefault:", "isdefault:"), ("timeInterval:", "timeIntervall:"),
                                   ("editable: false", "editable: no-no"), ("    uid: prometheus\n", ""),
                                   ("isDefault: true", "isDefault: false")],
    "dashboards/provider.yml": [("allowUiUpdates:", "allowUIUpdates:"), ("      path:", "      paths:"),
                                ("type: file", "type: files")],
    "alerting/contact-points.yml": [("settings:", "setings:"), ("httpMethod:", "method:"),
                                    ("type: webhook", "type: web")],
    "alerting/policies.yml": [("group_interval:", "group_internval:"), ("repeat_interval: 4h", "group_wait: 4h"),
                              ("receiver: pushpull-webhook", "receiver: pushpull")],
    "alerting/rules.yml": [("condition: \"B\"", "condition: \"C\""), ("noDataState:", "nodataState:"),
                           ("interval: \"30s\"", "interval: \"15s\""), ("instant: true", "instnt: true"),
                           ("type: \"threshold\"", "type: \"treshold\""), ("for: \"90s\"", "for: \"10s\""),
                           ("title: \"ApiDown\"", "title: \"ApiGone\""), ("- 0.05", "- 0.5")],
}


def _fitting(boards, mistake):
    """The mistake in the first dashboard that has the part it is about."""
    for board in boards:
        broken = copy.deepcopy(board)
        try:
            mistake(broken)
        except StopIteration:
            continue
        return broken
    raise SystemExit("no dashboard has the part that a seeded mistake is about")


def dashboards(boards):
    """name → a dashboard with that one mistake."""
    mistakes = {CONTROL: lambda board: None, **ELEVEN, **SCHEMA, **RULES}
    return {name: _fitting(boards, mistake) for name, mistake in mistakes.items()}


def files(texts):
    """(file, mistake) → text with that one mistake."""
    made = {}
    for name, mistakes in YAML.items():
        for old, new in mistakes:
            if old not in texts[name]:
                raise SystemExit(f"{name} has no {old!r} to break")
            made[name, f"{old.strip()} → {new.strip() or 'nothing'}"] = texts[name].replace(old, new, 1)
    return made
