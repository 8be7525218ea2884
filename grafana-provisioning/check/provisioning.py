"""Provisioning files against the keys that Grafana reads.

Grafana ignores a key that it does not know, so a misspelt one is silently a default. Needs PyYAML.
"""

import re

import yaml

from keys import FILES

class _Once(yaml.SafeLoader):
    """A key that stands twice is an error; YAML readers take the last one."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        twice = next((key for key in keys if keys.count(key) > 1), None)
        if twice is not None:
            raise yaml.YAMLError(f"line {node.start_mark.line + 1}: {twice} stands twice")
        return super().construct_mapping(node, deep)


def read(text):
    """The text's value, or an error."""
    return yaml.load(text, _Once)  # noqa: S506: a safe loader with one check more


def errors(name, text):
    """What is wrong with one file."""
    try:
        value = read(text)
    except yaml.YAMLError as error:
        return [str(error)]
    return list(_compare(value, FILES[name], name)) or list(_sense(value))


def unknown_files(root):
    """Files that Grafana would read and nobody checks."""
    there = {str(path.relative_to(root)) for kind in ("datasources", "dashboards", "alerting")
             for path in (root / kind).iterdir() if path.suffix in (".yml", ".yaml")}
    return [f"{name}: no list of keys for this file" for name in sorted(there ^ set(FILES))]


def _compare(value, wanted, where):
    if isinstance(wanted, tuple):
        attempts = [list(_compare(value, one, where)) for one in wanted]
        yield from min(attempts, key=len)
    elif isinstance(wanted, set):
        if value not in wanted or isinstance(value, bool):
            yield f"{where}: {value!r} is not one of {sorted(wanted)}"
    elif isinstance(wanted, type):
        if not isinstance(value, wanted) or (wanted is not bool and isinstance(value, bool)):
            yield f"{where}: {value!r} is not {wanted.__name__}"
    elif isinstance(wanted, list):
        if not isinstance(value, list) or not value:
            yield f"{where}: not a list with something in it"
        else:
            for index, item in enumerate(value):
                yield from _compare(item, wanted[0], f"{where}[{index}]")
    elif not isinstance(value, dict):
        yield f"{where}: {value!r} is not a mapping"
    elif str in wanted:
        for key, item in value.items():
            yield from _compare(item, wanted[str], f"{where}.{key}")
    else:
        known = {key.lstrip("!"): one for key, one in wanted.items()}
        yield from (f"{where}: unknown key {key}" for key in value if key not in known)
        yield from (f"{where}: {key[1:]} is missing" for key in wanted if key[0] == "!" and key[1:] not in value)
        for key, item in value.items():
            if key in known:
                yield from _compare(item, known[key], f"{where}.{key}")


def _sense(value):
    """What the keys alone do not say."""
    for group in value.get("groups", []):
        seconds = re.fullmatch(r"(\d+)([sm])", group["interval"])
        if not seconds or int(seconds[1]) * (60 if seconds[2] == "m" else 1) % 10:
            yield f"group {group['name']}: Grafana evaluates each multiple of 10 s only"
        for rule in group["rules"]:
            if rule["condition"] not in [part["refId"] for part in rule["data"]]:
                yield f"rule {rule['title']}: no query {rule['condition']}"
            if any(part["refId"] != part["model"]["refId"] for part in rule["data"]):
                yield f"rule {rule['title']}: two names for one query"
        uids = [rule["uid"] for rule in group["rules"]]
        yield from (f"rule uid {uid} is used twice" for uid in sorted(set(uids)) if uids.count(uid) > 1)


def together(texts, prometheus):
    """What files must agree on: the route's receiver, the datasource of all panels, and Prometheus' own rules."""
    parts = {name: read(text) for name, text in texts.items()}
    receivers = {one["name"] for one in parts["alerting/contact-points.yml"]["contactPoints"]}
    for policy in parts["alerting/policies.yml"]["policies"]:
        if policy["receiver"] not in receivers:
            yield f"alerting/policies.yml: no contact point {policy['receiver']}"
    sources = parts["datasources/prometheus.yml"]["datasources"]
    if [one["uid"] for one in sources if one.get("isDefault")] != ["prometheus"]:
        yield "datasources/prometheus.yml: prometheus is not the one default"
    theirs = {rule["alert"]: rule for group in read(prometheus)["groups"] for rule in group["rules"] if "alert" in rule}
    for group in parts["alerting/rules.yml"]["groups"]:
        for rule in group["rules"]:
            yield from (f"alerting/rules.yml: {rule['title']}: {what}"
                        for what in _mirrors(rule, theirs.get(rule["title"])))


def _mirrors(ours, theirs):
    """Where a rule says something else than Prometheus' rule of its name."""
    if theirs is None:
        yield "Prometheus has no alert of this name"
        return
    for what, one, other in (
        ("for", ours["for"], theirs.get("for")),
        ("severity", ours["labels"]["severity"], theirs["labels"]["severity"]),
        ("runbook_url", ours["annotations"]["runbook_url"], theirs["annotations"]["runbook_url"]),
    ):
        if one != other:
            yield f"{what} is {one} here and {other} in Prometheus"
    condition = ours["data"][1]["model"]["conditions"][0]["evaluator"]
    if condition["type"] == "gt" and not re.search(rf"> {condition['params'][0]:g}(?![\d.])", theirs["expr"]):
        yield f"the limit {condition['params'][0]:g} is not in Prometheus' rule"
