"""The virtual environment in ``.venv``: made, filled from a lock file, mended, and left alone when it is right."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from installers.errors import NotAvailable, SetupError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

RUNTIME = "requirements.lock"
DEVELOPMENT = "requirements-dev.lock"  # all of RUNTIME, and the tools
_FREE_BYTES = 2 * 1024**3
_CAUSES = (
    (
        re.compile(r"No space left on device|Errno 28"),
        "The disk is full.",
        "Free some space (2 GB)",
    ),
    (
        re.compile(
            r"NewConnectionError|Name or service not known|Temporary failure in name|"
            r"ConnectTimeout|Network is unreachable|Connection refused|ReadTimeout|Max retries"
        ),
        "The package index cannot be reached.",
        "Connect this machine to the network (behind a proxy, set HTTPS_PROXY)",
    ),
    (
        re.compile(r"SSLError|CERTIFICATE_VERIFY_FAILED"),
        "The package index showed a certificate that this machine does not trust.",
        "Install your organisation's certificate, or set PIP_CERT to it",
    ),
    (
        re.compile(r"DO NOT MATCH THE HASHES"),
        "A downloaded package is not the one that the lock file names.",
        "Look whether a proxy or mirror alters downloads",
    ),
    (
        re.compile(r"No matching distribution|Could not find a version"),
        "The package index has no build of a package for this Python and machine.",
        "Use CPython 3.11 to 3.13 on x86-64 or ARM64",
    ),
)


@dataclass(frozen=True)
class Environment:
    """The environment of one checkout; ``folder`` may be absent, half made or whole."""

    root: Path
    folder: Path

    @property
    def python(self) -> Path:
        """Its interpreter, whether it is there or not."""
        if sys.platform == "win32":
            return self.folder / "Scripts" / "python.exe"
        return self.folder / "bin" / "python"

    def lock(self, name: str) -> Path:
        """The lock file of that name."""
        return self.root / "installers" / name

    @property
    def stamp(self) -> Path:
        """Says which locks are installed in full; written last."""
        return self.folder / "gatehouse-installed.json"

    @property
    def interrupted(self) -> Path:
        """Stands there while packages are being installed."""
        return self.folder / "gatehouse-installing"

    @property
    def log(self) -> Path:
        """What pip said the last time."""
        return self.folder / "gatehouse-pip.log"


def of(root: Path) -> Environment:
    """The environment of the checkout in ``root``."""
    return Environment(root, root / ".venv")


def is_ready(environment: Environment, lock: str) -> bool:
    """Whether all of that lock is installed, asked without the network and in a few milliseconds."""
    return (
        not environment.interrupted.exists()
        and environment.python.exists()
        and _installed(environment).get(lock) == fingerprint(environment.lock(lock))
    )


def prepare(environment: Environment, lock: str, *, say: Callable[[str], None]) -> None:
    """Make the environment hold that lock, from whatever state it is in.

    Raises:
        NotAvailable: no network, no space, no build for this machine.
        SetupError: the folder cannot be written.
    """
    if is_ready(environment, lock):
        return
    _check_space(environment)
    if not _works(environment) or environment.interrupted.exists():
        _make(environment, say)
    _fill(environment, lock, say)


def fingerprint(lock: Path) -> str:
    """What a lock file asks for, in one word."""
    return hashlib.sha256(lock.read_bytes()).hexdigest()


def count_of(lock_text: str) -> int:
    """How many packages a lock file names."""
    return sum(1 for line in lock_text.splitlines() if re.match(r"[A-Za-z0-9].*==", line))


def progress_of(line: str, done: int, total: int) -> str | None:
    """What to show for one line of pip's report; None for nothing."""
    collecting = re.match(r"Collecting (\S+?)==(\S+)", line)
    if collecting:
        return f"  [{done:3}/{total}] {collecting[1]} {collecting[2]}"
    size = re.match(r"\s+Downloading \S+?([^/\s]+\.(?:whl|tar\.gz)) \(([\d.]+ [MG]B)\)", line)
    if size:
        return f"            {size[2]}"
    if line.startswith("Installing collected packages"):
        return "  Unpacking; this takes a minute or two."
    return None


def cause_of(report: str) -> tuple[str, str]:
    """The cause and the remedy that pip's report tells of."""
    for pattern, cause, remedy in _CAUSES:
        if pattern.search(report):
            return cause, remedy
    return "pip could not install the packages.", "Read its report"


def _installed(environment: Environment) -> dict[str, str]:
    try:
        found = json.loads(environment.stamp.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _works(environment: Environment) -> bool:
    """Whether its Python starts, is new enough, and has pip."""
    probe = "import sys, pip; raise SystemExit(sys.version_info < (3, 11))"
    try:
        asked = subprocess.run([environment.python, "-c", probe], capture_output=True, check=False)
    except OSError:
        return False
    return asked.returncode == 0


def _check_space(environment: Environment) -> None:
    free = shutil.disk_usage(environment.root).free
    if free < _FREE_BYTES:
        raise NotAvailable(
            f"Only {free // 1024**2} MB are free in {environment.root}; the installation needs 2 GB.",
            "Free some space, then run the same command again.",
        )


def _make(environment: Environment, say: Callable[[str], None]) -> None:
    say(f"Making the virtual environment in {environment.folder}")
    if environment.folder.is_symlink() or environment.folder.is_file():
        environment.folder.unlink()
    made = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", environment.folder],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        raise SetupError(
            f"The virtual environment could not be made:\n{made.stdout.strip()}",
            f"See that {environment.root} is yours to write and has 2 GB free.",
        )


def _fill(environment: Environment, lock: str, say: Callable[[str], None]) -> None:
    total = count_of(environment.lock(lock).read_text(encoding="utf-8"))
    say(f"Installing {total} packages of {lock} into {environment.folder}")
    environment.stamp.unlink(missing_ok=True)
    environment.interrupted.touch()
    report = _run_pip(environment, environment.lock(lock), total, say)
    if report is not None:
        cause, remedy = cause_of(report)
        raise NotAvailable(
            f"{cause} pip's last words:\n{_last_lines(report)}",
            f"{remedy}, then run the same command again. The whole report: {environment.log}",
        )
    _write_stamp(environment, lock)
    environment.interrupted.unlink()


def _run_pip(
    environment: Environment, lock: Path, total: int, say: Callable[[str], None]
) -> str | None:
    """Run pip and show its progress; its report if it failed."""
    command: list[str | Path] = [
        environment.python,
        "-m",
        "pip",
        "install",
        "--require-hashes",
        "--no-deps",
    ]
    command += ["--only-binary", ":all:", "--disable-pip-version-check", "--no-input"]
    command += ["--progress-bar", "off", "--retries", "2", "--requirement", lock]
    lines: list[str] = []
    with (
        environment.log.open("w", encoding="utf-8") as log,
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            env={**os.environ, "PYTHONUNBUFFERED": "1", "PIP_USER": "0"},
        ) as pip,
    ):
        assert pip.stdout is not None
        for line in _shown(pip.stdout, total, say):
            lines.append(line)
            log.write(line)
    return "".join(lines) if pip.returncode != 0 else None


def _shown(lines: Iterator[str], total: int, say: Callable[[str], None]) -> Iterator[str]:
    done = 0
    for line in lines:
        done += line.startswith("Collecting ")
        progress = progress_of(line, done, total)
        if progress is not None:
            say(progress)
        yield line


def _write_stamp(environment: Environment, lock: str) -> None:
    locks = (RUNTIME, DEVELOPMENT) if lock == DEVELOPMENT else (RUNTIME,)
    installed = {name: fingerprint(environment.lock(name)) for name in locks}
    environment.stamp.write_text(json.dumps(installed, indent=1), encoding="utf-8")


def _last_lines(report: str) -> str:
    return "\n".join(f"    {line}" for line in report.strip().splitlines()[-6:])
