from __future__ import annotations

import shlex

import pytest

from installers import system_packages
from installers.errors import NotAllowed, NotAvailable
from installers.system_packages import Need

THERE = Need("there", "package-a", lambda: True)
GONE = Need("libgone.so.1", "package-b", lambda: False)
ALSO_GONE = Need("libalso.so.1", "package-b", GONE.is_there)


def test_only_what_is_missing_is_asked_for_and_each_package_once() -> None:
    absent = system_packages.missing([THERE, GONE, ALSO_GONE])
    assert absent == (GONE, ALSO_GONE)
    assert system_packages.packages_of(absent) == ("package-b",)


def test_each_question_is_asked_once() -> None:
    asked = []

    def ask() -> bool:
        asked.append(1)
        return False

    system_packages.missing([Need("a", "a", ask), Need("a", "b", ask)])
    assert len(asked) == 1


def test_a_library_that_the_loader_does_not_know_is_missing() -> None:
    assert system_packages.missing([system_packages.library("libno-such-thing.so.9", "x")])


def test_a_program_that_is_not_there_is_missing() -> None:
    assert system_packages.missing([system_packages.program("no-such-program", "x")])


def test_line_for_a_user_with_sudo() -> None:
    line = system_packages.line_to_type(["a", "b"], has_sudo=True)
    assert line.startswith("sudo apt-get update && sudo apt-get install ")
    assert line.endswith(" a b")


def test_line_for_a_user_without_sudo_is_one_command_of_root() -> None:
    words = shlex.split(system_packages.line_to_type(["a", "b"], has_sudo=False))
    assert words[:3] == ["su", "-", "-c"]
    assert words[3].startswith("apt-get update && apt-get install ")
    assert words[3].endswith(" a b")


def test_nothing_missing_does_nothing() -> None:
    system_packages.install([THERE], say=lambda _sentence: pytest.fail("nothing to say"))


def test_without_apt_the_libraries_are_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotAvailable, match=r"libgone\.so\.1"):
        system_packages.install([GONE], say=lambda _sentence: None)


def test_without_rights_the_line_is_given(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setattr(system_packages, "_right_to_install", lambda: None)
    monkeypatch.setattr(system_packages.shutil, "which", lambda name: f"/usr/bin/{name}")
    with pytest.raises(NotAllowed) as caught:
        system_packages.install([GONE], say=lambda _sentence: None)
    assert "apt-get install -y --no-install-recommends package-b" in caught.value.remedy


def test_a_window_needs_more_than_a_picture() -> None:
    if not system_packages.needs_of_demo(has_screen=False):
        pytest.skip("only Linux brings Qt's libraries as system packages")
    window = set(system_packages.packages_of(system_packages.needs_of_demo(has_screen=True)))
    picture = set(system_packages.packages_of(system_packages.needs_of_demo(has_screen=False)))
    assert picture < window
    assert "libxcb-cursor0" in window - picture
