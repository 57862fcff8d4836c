"""Lint, types and tests: what CI runs, what ``poe check`` runs, and what anybody can run."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROOT = Path(__file__).resolve().parent.parent
PLATFORMS = ("linux", "win32", "darwin")


@dataclass(frozen=True)
class Stage:
    """One check: a module of the environment's Python, with its arguments."""

    name: str
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class Result:
    """How a stage ended."""

    stage: Stage
    status: int
    seconds: float
    report: str


def _types(target: str) -> Stage:
    # A cache for each platform: mypy throws one away when the platform changes.
    options = ["--platform", target, f"--cache-dir=.mypy_cache/{target}"]
    if target != "linux":
        options.append("--no-warn-unreachable")  # what follows `if sys.platform == …: return`
    return Stage(f"types ({target})", ("mypy", *options))


STATIC = (
    Stage("lint", ("ruff", "check", ".")),
    Stage("format", ("ruff", "format", "--check", ".")),
    *(_types(target) for target in PLATFORMS),
)


def run_all(python: Path, tests: Sequence[str] = (), *, say: Callable[[str], None] = print) -> int:
    """Run every stage, whatever the others said; 0 if all are content. pytest has the last word."""
    results = _run_static(python, say)
    failed = [result.stage.name for result in results if result.status != 0]
    if failed:
        say(f"FAILED: {', '.join(failed)} (reports above). The tests run all the same.")
    status = run_tests(python, tests)
    return status if status != 0 else int(bool(failed))


def run_tests(python: Path, arguments: Sequence[str] = ()) -> int:
    """Run pytest with nothing between it and the reader."""
    sys.stdout.flush()
    return subprocess.run(
        [python, "-m", "pytest", *arguments], cwd=ROOT, env=_environment(), check=False
    ).returncode


def _run_static(python: Path, say: Callable[[str], None]) -> list[Result]:
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        running = [pool.submit(_run, python, stage) for stage in STATIC]
        results = []
        for future in running:
            result = future.result()
            verdict = "ok" if result.status == 0 else f"FAILED (status {result.status})"
            say(f"{result.stage.name}: {verdict}, {result.seconds:.0f} s")
            if result.status != 0:
                say(result.report)
            results.append(result)
    return results


def _run(python: Path, stage: Stage) -> Result:
    begun = time.monotonic()
    done = subprocess.run(
        [python, "-m", *stage.arguments],
        cwd=ROOT,
        env=_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Result(stage, done.returncode, time.monotonic() - begun, done.stdout)


def _environment() -> dict[str, str]:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONUNBUFFERED": "1"}
    environment.pop("DISPLAY", None)  # no test may find a screen that CI does not have
    environment.pop("WAYLAND_DISPLAY", None)
    return environment


if __name__ == "__main__":
    raise SystemExit(run_all(Path(sys.executable), sys.argv[1:]))
