"""Dashboards against Grafana's published types: the JSON itself is compiled as TypeScript, nothing is run."""

import json
import re
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
MODULES = HERE.parents[1] / "target" / "grafana-check" / "node_modules"
OPTIONS = {"strict": True, "exactOptionalPropertyTypes": True, "noEmit": True, "skipLibCheck": True, "types": [],
           "module": "esnext", "moduleResolution": "bundler", "target": "es2022"}
# The JSON begins on the third line of its file.
HEAD = 'import type { Strict } from "./strict";\nexport default (\n'
TAIL = ") satisfies Strict;\n"
ERROR = re.compile(r"^(\w[^(]*)\.ts\((\d+),\d+\): error (.*)$")


def errors(texts):
    """For each name: what is wrong with its JSON text, as "line N: message". All are compiled in one run."""
    compiler = MODULES / "typescript" / "bin" / "tsc"
    if not compiler.exists():
        raise SystemExit(f"{compiler} is missing: put package.json and package-lock.json of {HERE.name}/ into "
                         f"{MODULES.parent} and run npm ci there")
    wanted = json.loads((HERE / "package.json").read_text())["dependencies"]["@grafana/schema"]
    found = json.loads((MODULES / "@grafana" / "schema" / "package.json").read_text())["version"]
    if found != wanted:
        raise SystemExit(f"{MODULES} holds @grafana/schema {found}, not {wanted}: run npm ci there again")
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        (place / "node_modules").symlink_to(MODULES)
        (place / "strict.ts").write_text((HERE / "strict.ts").read_text())
        (place / "tsconfig.json").write_text(json.dumps({"compilerOptions": OPTIONS, "include": ["*.ts"]}))
        for name, text in texts.items():
            (place / f"{name}.ts").write_text(HEAD + text.rstrip("\n") + TAIL)
        run = subprocess.run(["node", str(compiler), "--pretty", "false", "-p", "."], cwd=place,
                             capture_output=True, text=True, check=False)
    return _sorted(run, texts)


def _sorted(run, texts):
    """The compiler's output by file; the deepest line of a message says what it is about."""
    found = {name: [] for name in texts}
    lines = run.stdout.splitlines()
    for number, line in enumerate(lines):
        match = ERROR.match(line)
        if not match:
            continue
        name, at, message = match.groups()
        if name not in found:
            raise SystemExit(f"strict.ts itself does not compile:\n{run.stdout}")
        deeper = [more.strip() for more in _until_next(lines[number + 1:])]
        found[name].append(f"line {int(at) - HEAD.count(chr(10))}: {_short(message)}"
                           + (f" … {_short(deeper[-1])}" if deeper else ""))
    if run.returncode and not any(found.values()):
        raise SystemExit(f"the compiler failed:\n{run.stdout}{run.stderr}")
    return found


def _until_next(lines):
    """The indented lines that belong to a message."""
    for line in lines:
        if not line.startswith(" "):
            return
        yield line


def _short(text):
    return text if len(text) <= 240 else text[:240] + "…"
