"""The server as a process: starts, says where it listens, stops in order, and says why it cannot start."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.support.real_server import real_server

if TYPE_CHECKING:
    from pathlib import Path

CANNOT = 3
STOPS_WITHIN_S = 5.0


def run(*arguments: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """The command, until it ends."""
    return subprocess.run(
        [sys.executable, "-m", "embedded_server", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **environment},
    )


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_stops_in_order(tmp_path: Path, sig: int) -> None:
    with real_server(tmp_path / "data") as server:
        began = time.monotonic()
        assert server.stop(sig=sig) == 0
        assert time.monotonic() - began < STOPS_WITHIN_S
    assert not any("Traceback" in line for line in server.said)


def test_port_in_use(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        done = run("--data-dir", str(tmp_path / "data"), "--port", port)
    assert done.returncode == CANNOT
    assert done.stderr == (
        f"Another program is using port {port} of 127.0.0.1. Stop it, or choose another port with --port "
        "(0 takes any that is free).\n"
    )


def test_second_server_on_the_same_directory(tmp_path: Path) -> None:
    with real_server(tmp_path / "data") as server:
        done = run("server", "--data-dir", str(tmp_path / "data"), "--port", "0")
        assert done.returncode == CANNOT
        assert f"Another server (process {server.process.pid}) is using" in done.stderr
        assert server.api.get("/health").status_code == 200


def test_damaged_settings(tmp_path: Path) -> None:
    (tmp_path / "server.toml").write_text("port = = 1\n")
    done = run("--data-dir", str(tmp_path))
    assert done.returncode == CANNOT
    assert re.fullmatch(r"The settings file \S+server\.toml is damaged: .*\n", done.stderr)


def test_damaged_catalogue_and_its_repair(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with real_server(data) as server:
        server.stop()
    (data / "catalog.db").write_bytes(b"this is no database" * 1000)
    done = run("--data-dir", str(data), "--port", "0")
    assert done.returncode == CANNOT
    assert "gatehouse check --repair" in done.stderr
    assert run("check", "--data-dir", str(data), "--repair").returncode == 0
    with real_server(data) as server:
        assert server.api.get("/api/cameras").status_code == 200


def test_address_that_others_reach_is_refused(tmp_path: Path) -> None:
    done = run("--data-dir", str(tmp_path), "--host", "0.0.0.0", "--port", "0")
    assert done.returncode == CANNOT
    assert "--insecure" in done.stderr


def test_data_directory_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    done = run("--data-dir", str(tmp_path / "data"), "--port", "0")
    assert done.returncode == CANNOT
    assert "cannot be used" in done.stderr
    assert "Traceback" not in done.stderr


def test_not_understood_is_two(tmp_path: Path) -> None:
    assert run("--no-such-option").returncode == 2
    assert run("--data-dir", str(tmp_path), "--port", "99999").returncode == CANNOT


def test_first_administrator_by_the_link(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    process = subprocess.Popen(
        [sys.executable, "-m", "embedded_server", "--data-dir", data, "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        address = process.stdout.readline().rsplit(" ", 1)[1].strip()
        link = process.stdout.readline().rsplit(" ", 1)[1].strip()
        with httpx.Client(base_url=address, trust_env=False) as client:
            assert client.get(link).status_code == 200
            person = {"username": "kim", "password": "correct horse"}
            wrong = client.post("/api/auth/setup", json={"secret": "x", **person})
            assert wrong.status_code == 403
            secret = link.partition("secret=")[2]
            right = client.post("/api/auth/setup", json={"secret": secret, **person})
            assert right.status_code == 201
            assert right.json()["user"]["is_admin"] is True
            again = client.post("/api/auth/setup", json={"secret": secret, **person})
            assert again.status_code == 403
            assert client.get(link).status_code == 403
            assert client.post("/api/auth/login", json=person).status_code == 200
    finally:
        process.terminate()
        process.communicate(timeout=10)


def test_commands_beside_a_running_and_a_stopped_server(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    with real_server(tmp_path / "data") as server:
        made = run("user", "create", "lee", "--role", "viewer", "--data-dir", data,
                   "--password-stdin", stdin="another horse\n")  # fmt: skip
        assert made.returncode == 0, made.stderr
        person = {"username": "lee", "password": "another horse"}
        assert server.api.post("/api/auth/login", json=person).status_code == 200
        locked = run("camera", "list", "--data-dir", data)
        assert locked.returncode == CANNOT
        remote = ("--server", server.address, "--username", "operator")
        secret = {"GATEHOUSE_ADMIN_PASSWORD": "a password for tests"}
        url = "rtsp://kim:geheim@192.0.2.7/gate"
        added = run("camera", "add", "Gate", url, *remote, **secret)
        assert (added.returncode, added.stdout) == (0, "Added gate.\n"), added.stderr
    listed = run("camera", "list", "--data-dir", data)
    assert "rtsp://192.0.2.7/gate" in listed.stdout
    assert "geheim" not in listed.stdout
    assert run("camera", "remove", "gate", "--data-dir", data).returncode == 0
    assert run("camera", "list", "--data-dir", data).stdout == ""
    assert run("check", "--data-dir", data).returncode == 0
    assert "builtin" in run("models", "--data-dir", data).stdout
