"""Settings of the server: where they come from, and what is said when they cannot be used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from embedded_server import config
from embedded_server.cli import with_command

if TYPE_CHECKING:
    from pathlib import Path


def test_options_before_environment_before_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "server.toml").write_text('port = 1\nhost = "127.0.0.3"\nlog_level = "debug"\n')
    monkeypatch.setenv("GATEHOUSE_PORT", "2")
    monkeypatch.setenv("GATEHOUSE_HOST", "127.0.0.2")
    settings = config.load(data_dir=tmp_path, port=3)
    assert (settings.port, settings.host, settings.log_level) == (3, "127.0.0.2", "debug")


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("port = = 1", "is damaged"),
        ("prt = 1", "unknown setting prt"),
        ('data_dir = "/elsewhere"', "unknown setting data_dir"),
        ('port = "x"', "GATEHOUSE_PORT"),
        ("port = 70000", "port"),
    ],
)
def test_damaged_file_is_named(tmp_path: Path, text: str, cause: str) -> None:
    (tmp_path / "server.toml").write_text(text)
    with pytest.raises(config.SettingsError, match=cause):
        config.load(data_dir=tmp_path)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.1.2.3"])
def test_loopback_needs_no_word(tmp_path: Path, host: str) -> None:
    config.load(data_dir=tmp_path, host=host).check_bind()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com"])
def test_others_need_the_word(tmp_path: Path, host: str) -> None:
    with pytest.raises(config.SettingsError, match="--insecure"):
        config.load(data_dir=tmp_path, host=host).check_bind()
    config.load(data_dir=tmp_path, host=host, insecure=True).check_bind()


def test_module_without_a_command_is_the_server() -> None:
    assert with_command(["--port", "0"]) == ["server", "--port", "0"]
    assert with_command([]) == ["server"]
    assert with_command(["user", "create"]) == ["user", "create"]
