"""The stack of real parts: three instances by both ways, alerts that come and go, and what images promise."""

import json
import pathlib
import ssl
import subprocess
import sys
import unittest
import urllib.error
import urllib.request

from stack import PROMETHEUS, alerts, containers, docker, eventually, get, inspect, query, stack

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def greet():
    """Asks each instance of the API a few times."""
    for container in containers("api"):
        port = inspect(container, '{{(index (index .NetworkSettings.Ports "8000/tcp") 0).HostPort}}')
        for _ in range(4):
            get(f"http://127.0.0.1:{port}/")


def instances(path):
    """The counter of each instance, as one way tells it."""
    return {labels["instance"]: value for labels, value in query(f'app_requests_total{{path="{path}"}}')}


class Running(unittest.TestCase):
    """In the order of their names: one stack, brought up once."""

    @classmethod
    def setUpClass(cls):
        stack("down", "--volumes")
        code, cls.said = stack("up", "--scale", "api=3")
        if code != 0:
            raise AssertionError(cls.said)

    @classmethod
    def tearDownClass(cls):
        _, logs = stack("down", "--volumes")
        left = docker("ps", "-aq", "--filter", "label=com.docker.compose.project=pushpull-test")
        assert left == "", f"left behind: {left}\n{logs}"

    def test_1_the_table_tells_of_each_service(self):
        table = self.said[self.said.index("SERVICE "):]
        for service in ["api", "agent", "pushgateway", "prometheus", "alertmanager", "node-exporter"]:
            rows = [line for line in table.splitlines() if line.startswith(f"{service} ")]
            self.assertEqual(len(rows), 3 if service == "api" else 1, self.said)
            self.assertIn("running healthy", rows[0])
        eventually("ages in the table", lambda: " s ago" in stack("status")[1])

    def test_1_images_hold_no_more_than_they_need(self):
        for service in ["api", "agent"]:
            container = containers(service)[0]
            self.assertEqual(inspect(container, "{{.Config.User}}"), "65532:65532")
            self.assertEqual(inspect(container, "{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}}"), "true [ALL]")
            shell = subprocess.run(["docker", "exec", container, "/bin/sh"], capture_output=True)
            self.assertNotEqual(shell.returncode, 0)
            labels = json.loads(inspect(container, "{{json .Config.Labels}}"))
            self.assertEqual(labels["org.opencontainers.image.title"], f"pushpull-{service}")
        published = docker("ps", "--filter", "label=com.docker.compose.project=pushpull-test", "--format", "{{.Ports}}")
        self.assertNotIn("0.0.0.0", published)

    def test_2_every_target_is_up(self):
        def all_up():
            found = {(labels["job"], labels["instance"]): value for labels, value in query('up{job!~"api|node|pushpull-agent"}')}
            return len(found) == 8 and all(found.values()) and found

        found = eventually("all targets up", all_up)
        self.assertEqual(sum(job == "api-pull" for job, _ in found), 3)

    def test_3_three_instances_are_told_apart_by_both_ways(self):
        greet()

        def agree():
            pull, push, fallback = instances("pull"), instances("push"), instances("fallback")
            return len(pull) == 3 and all(pull.values()) and pull == push == fallback and pull

        eventually("the same three counters by pull, push and fallback", agree)

    def test_4_every_rule_and_every_panel_has_data(self):
        names = eventually("recording rules", lambda: [
            rule["name"]
            for group in json.loads(get(f"{PROMETHEUS}/api/v1/rules"))["data"]["groups"]
            for rule in group["rules"]
            if rule["type"] == "recording"
        ])
        for name in sorted(set(names)):
            greet()
            eventually(f"data of {name}", lambda name=name: query(name))

        def expressions():
            greet()
            check = ROOT / "grafana-provisioning" / "check" / "expressions.py"
            run = subprocess.run([sys.executable, check, "--url", PROMETHEUS], capture_output=True, text=True)
            if run.returncode != 0:
                raise ValueError(run.stdout[-2000:] + run.stderr[-2000:])
            return True

        eventually("data of each query of each dashboard", expressions, limit=180)

    def test_5_the_agents_end_is_an_alert_and_its_return_ends_it(self):
        agent = containers("agent")[0]
        docker("stop", agent)
        alert = eventually("an alert of the agent", lambda: alerts().get("AgentDown"), limit=300)
        self.assertEqual(alert["status"]["state"], "active")
        docker("start", agent)
        eventually("its end", lambda: "AgentDown" not in alerts(), limit=300)

    def test_6_an_instance_that_is_gone_leaves_no_group(self):
        before = eventually("three instances", lambda: len(instances("push")) == 3 and instances("push"))
        code, said = stack("up", "--scale", "api=2")
        self.assertEqual(code, 0, said)
        # `up 0` first, then the deletion after the linger.
        after = eventually("two instances", lambda: len(instances("push")) == 2 and instances("push"))
        self.assertTrue(set(after) < set(before))
        groups = [labels["instance"] for labels, _ in query('push_time_seconds{job="api"}')]
        eventually("two groups", lambda: len(query('push_time_seconds{job="api"}')) == 2)
        self.assertLessEqual(len(groups), 3)


class BehindNat(unittest.TestCase):
    def tearDown(self):
        stack("down", "--volumes", NAT="1")

    def test_pull_fails_and_push_works(self):
        code, said = stack("up", NAT="1")
        self.assertEqual(code, 0, said)

        def down():
            pull, fallback = query('up{job="api-pull"}'), query('up{job="agent-fallback"}')
            return [value for _, value in pull + fallback] == [0.0, 0.0]

        eventually("pull and fallback down", down)
        first = eventually("a push", lambda: instances("push").get("10.79.0.10:8000") is not None)
        self.assertTrue(first)
        greet()
        eventually("a newer push", lambda: instances("push")["10.79.0.10:8000"] >= 4)
        self.assertLess(query('time() - push_time_seconds{job="api"}')[0][1], 40)


class OurGateway(unittest.TestCase):
    def tearDown(self):
        stack("down", "--volumes")

    def test_it_stands_in_the_real_ones_place(self):
        code, said = stack("up", COMPOSE_PROFILES="gateway")
        self.assertEqual(code, 0, said)
        greet()
        eventually("the counter by push", lambda: any(instances("push").values()))
        self.assertEqual(query('up{job="pushgateway"}')[0][1], 1)
        self.assertTrue(query('pushpull_build_info{job="pushgateway"}') or query("pushgateway_build_info"))


class WithTls(unittest.TestCase):
    def tearDown(self):
        stack("down", "--volumes", TLS="1")

    def test_nobody_gets_in_without_a_password_and_everything_arrives(self):
        code, said = stack("up", TLS="1")
        self.assertEqual(code, 0, said)
        greet()
        eventually("the counter by push", lambda: any(instances("push").values()))
        anybody = ssl.create_default_context(cafile=ROOT / "var" / "pushgateway" / "agent" / "ca.crt")
        with self.assertRaises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen("https://127.0.0.1:9091/metrics", context=anybody, timeout=10)
        self.assertEqual(refused.exception.code, 401)
        refused.exception.close()
