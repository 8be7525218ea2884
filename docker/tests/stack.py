"""The stack as its users see it: its commands, its containers, and the HTTP APIs of its parts."""

import json
import os
import pathlib
import subprocess
import time
import urllib.parse
import urllib.request

DOCKER = pathlib.Path(__file__).resolve().parent.parent
ENVIRONMENT = DOCKER / ".env"
PROMETHEUS = "http://127.0.0.1:9090"
ALERTMANAGER = "http://127.0.0.1:9093"
# No stand-in for Grafana can be made; images are built without the time that optimising takes.
SETTINGS = {"COMPOSE_PROFILES": "pushgateway", "COMPOSE_PROJECT_NAME": "pushpull-test", "BUILD_PROFILE": "dev"}


def stack(*arguments, **environment):
    """Runs docker/stack.sh; its exit code and all that it printed."""
    run = subprocess.run(
        [DOCKER / "stack.sh", *arguments],
        env={**os.environ, **SETTINGS, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=1500,
    )
    return run.returncode, run.stdout


def docker(*arguments):
    return subprocess.run(["docker", *arguments], check=True, capture_output=True, text=True).stdout.strip()


def containers(service):
    """The ids of a service's running containers."""
    project = SETTINGS["COMPOSE_PROJECT_NAME"]
    labels = [f"label=com.docker.compose.project={project}", f"label=com.docker.compose.service={service}"]
    return docker("ps", "-q", "--filter", labels[0], "--filter", labels[1]).split()


def inspect(container, template):
    return docker("inspect", "-f", template, container)


def get(url, timeout=10):
    with urllib.request.urlopen(url, timeout=timeout) as answer:
        return answer.read().decode()


def query(expression):
    """The series of an instant query: [(labels, value)]."""
    url = f"{PROMETHEUS}/api/v1/query?" + urllib.parse.urlencode({"query": expression})
    result = json.loads(get(url))["data"]["result"]
    return [(series["metric"], float(series["value"][1])) for series in result]


def alerts():
    """What Alertmanager has, by name."""
    return {alert["labels"]["alertname"]: alert for alert in json.loads(get(f"{ALERTMANAGER}/api/v2/alerts"))}


def eventually(what, condition, limit=120):
    """Waits for a condition and gives its value; what was seen last stands in the failure."""
    end = time.monotonic() + limit
    while True:
        try:
            seen = condition()
        except (OSError, ValueError, KeyError) as error:
            seen, told = None, repr(error)
        else:
            told = repr(seen)
        if seen:
            return seen
        if time.monotonic() > end:
            raise AssertionError(f"never came within {limit} s: {what}; seen last: {told}")
        time.sleep(0.5)
