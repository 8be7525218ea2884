#!/usr/bin/env python3
"""Writes dashboards/*.json and alerting/rules.yml from the Python beside it; needs Python's own library only.

generate.py           write the files
generate.py --check   write nothing; exit 1, and show where they differ, when they are not what the source gives
"""

import difflib
import json
import sys
from pathlib import Path

import agent_and_gateway
import alerts
import host
import overview
import push_versus_pull

ROOT = Path(__file__).resolve().parent.parent
DASHBOARDS = [overview, push_versus_pull, agent_and_gateway, host]
DIFF_LINES = 20


def as_json(value):
    """Sorted keys: the order in the source never shows in a diff."""
    return json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def files():
    """Every generated file, with its text."""
    made = {f"dashboards/{module.__name__.replace('_', '-')}.json": as_json(module.DASHBOARD)
            for module in DASHBOARDS}
    return {**made, "alerting/rules.yml": alerts.as_yaml()}


def difference(name, wanted):
    """What a file lacks and has too much, or nothing."""
    path = ROOT / name
    found = path.read_text(encoding="utf-8") if path.exists() else ""
    return list(difflib.unified_diff(found.splitlines(), wanted.splitlines(), f"{name} (committed)",
                                     f"{name} (from source)", lineterm="", n=1))


def main(arguments):
    """Writes or compares."""
    if arguments not in ([], ["--check"]):
        sys.exit(__doc__)
    stale = 0
    for name, text in files().items():
        if not arguments:
            (ROOT / name).write_text(text, encoding="utf-8")
            print(f"wrote {name}")
            continue
        lines = difference(name, text)
        if lines:
            stale += 1
            print("\n".join(lines[:DIFF_LINES]))
            print(f"{name}: {len(lines)} lines of difference\n")
    known = set(files())
    for path in sorted((ROOT / "dashboards").glob("*.json")):
        if f"dashboards/{path.name}" not in known:
            stale += 1
            print(f"dashboards/{path.name}: no source makes it")
    if stale:
        sys.exit(f"{stale} files are not what the source gives: python3 grafana-provisioning/source/generate.py")
    if arguments:
        print(f"{len(known)} files are what the source gives")


if __name__ == "__main__":
    main(sys.argv[1:])
