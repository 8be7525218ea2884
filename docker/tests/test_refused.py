"""What is told before anything is started, each with its cause."""

import os
import socket
import subprocess
import tempfile
import unittest

from stack import ENVIRONMENT, containers, docker, stack


class Refused(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        stack("down", "--volumes")

    def setUp(self):
        self.kept = ENVIRONMENT.read_text() if ENVIRONMENT.exists() else None

    def tearDown(self):
        if self.kept is None:
            ENVIRONMENT.unlink(missing_ok=True)
        else:
            ENVIRONMENT.write_text(self.kept)
        self.assertEqual(containers("prometheus"), [], "something was started")

    def refused(self, *parts, **environment):
        code, said = stack("up", **environment)
        self.assertEqual(code, 1, said)
        for part in parts:
            self.assertIn(part, said)
        return said

    def test_no_daemon(self):
        self.refused("stack: no Docker daemon answers", "make stack-native", DOCKER_HOST="unix:///nowhere/docker.sock")

    def test_no_docker(self):
        with tempfile.TemporaryDirectory() as folder:
            for program in ["bash", "dirname", "env"]:
                os.symlink(subprocess.check_output(["which", program], text=True).strip(), f"{folder}/{program}")
            self.refused("stack: docker is missing", PATH=folder)

    def test_passwords(self):
        self.refused("GRAFANA_ADMIN_PASSWORD is `admin`", GRAFANA_ADMIN_PASSWORD="admin")
        self.refused("has 5 characters: expected 8 or more", GRAFANA_ADMIN_PASSWORD="short")
        ENVIRONMENT.write_text("GRAFANA_ADMIN_PASSWORD=\n")
        self.refused("GRAFANA_ADMIN_PASSWORD is empty in docker/.env")

    def test_a_password_is_made_up_once(self):
        ENVIRONMENT.unlink(missing_ok=True)
        said = self.refused("made docker/.env", COMPOSE_PROFILES="none")
        made = dict(line.split("=", 1) for line in ENVIRONMENT.read_text().splitlines() if "=" in line and line[0] != "#")
        self.assertEqual(len(made["GRAFANA_ADMIN_PASSWORD"]), 24)
        self.assertNotIn(made["GRAFANA_ADMIN_PASSWORD"], said)
        self.assertEqual(ENVIRONMENT.stat().st_mode & 0o777, 0o600)

    def test_both_gateways_or_none(self):
        self.refused("names both `pushgateway` and `gateway`", COMPOSE_PROFILES="gateway,grafana,pushgateway")
        self.refused("expected `pushgateway` or `gateway` among them", COMPOSE_PROFILES="grafana")

    def test_several_receivers(self):
        self.refused("names remote-write remote-write-mimir: one of them", COMPOSE_PROFILES="gateway,remote-write,remote-write-mimir")

    def test_a_taken_port(self):
        with socket.create_server(("127.0.0.1", 9093)):
            said = self.refused("stack: port 9093, which alertmanager needs, is taken by python3 (pid ")
        self.assertNotIn("Creating", said)

    def test_a_volume_of_another_version(self):
        docker("volume", "create", "--label", "pushpull.data=prometheus-v2", "pushpull-test_prometheus-data")
        try:
            self.refused("was made for `prometheus-v2`, expected `prometheus-v3`", "make stack-down ARGS=--volumes")
        finally:
            docker("volume", "rm", "pushpull-test_prometheus-data")
