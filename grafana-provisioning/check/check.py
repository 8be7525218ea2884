#!/usr/bin/env python3
"""Checks dashboards and provisioning strictly.

check.py            every dashboard against Grafana's types and our rules, every provisioning file key by key
check.py --seeded   put known mistakes into good files; exit 1 when one is not caught

Needs node, the packages of package-lock.json (in target/grafana-check), and PyYAML.
"""

import json
import sys
from pathlib import Path

import provisioning
import rules
import schema
import seeds

ROOT = Path(__file__).resolve().parent.parent
# The alerts that ours mirror.
PROMETHEUS = ROOT.parent / "gateway-config" / "rules" / "alerts.yml"


def load():
    """Dashboards and provisioning files as they are committed."""
    boards = {path.stem: path.read_text() for path in sorted((ROOT / "dashboards").glob("*.json"))}
    return boards, {name: (ROOT / name).read_text() for name in provisioning.FILES}


def shipped():
    """How much is wrong with what is committed."""
    boards, files = load()
    found = []
    for name, wrong in schema.errors(boards).items():
        found += [f"dashboards/{name}.json: {what}" for what in wrong]
    uids = {}
    for name, text in boards.items():
        board = json.loads(text)
        found += [f"dashboards/{name}.json: {what}" for what in rules.errors(board)]
        if uids.setdefault(board["uid"], name) != name:
            found.append(f"dashboards/{name}.json: uid of {uids[board['uid']]}.json")
    for name, text in files.items():
        found += provisioning.errors(name, text)
    found += provisioning.unknown_files(ROOT)
    found += provisioning.together(files, PROMETHEUS.read_text()) if not found else []
    panels = sum(text.count('"gridPos"') for text in boards.values())
    print("\n".join(found) if found else
          f"{len(boards)} dashboards with {panels} panels and rows, {len(files)} provisioning files: all well")
    return len(found)


def seeded():
    """How many mistakes nobody caught."""
    boards, files = load()
    broken = seeds.dashboards([json.loads(text) for text in boards.values()])
    names = {f"seed{index}": name for index, name in enumerate(broken)}
    typed = schema.errors({key: json.dumps(broken[name], indent=1) for key, name in names.items()})
    missed = 0
    for key, name in names.items():
        caught = [what for what, wrong in (("types", typed[key]), ("rules", rules.errors(broken[name]))) if wrong]
        good = bool(caught) != (name == seeds.CONTROL)
        missed += not good
        verdict = f"caught by {' and '.join(caught)}" if caught else "not caught"
        print(f"{verdict if good else verdict.upper():28}{name}")
    for (name, mistake), text in seeds.files(files).items():
        keys = provisioning.errors(name, text)
        caught = keys or list(provisioning.together({**files, name: text}, PROMETHEUS.read_text()))
        missed += not caught
        verdict = "caught by keys" if keys else "caught by other files"
        print(f"{verdict if caught else 'NOT CAUGHT':28}{name}: {mistake}")
    print(f"{missed} wrong verdicts" if missed else "every mistake was caught, and nothing else")
    return missed


if __name__ == "__main__":
    if sys.argv[1:] not in ([], ["--seeded"]):
        sys.exit(__doc__)
    sys.exit(1 if (seeded if sys.argv[1:] else shipped)() else 0)
