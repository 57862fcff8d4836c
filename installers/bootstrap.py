"""From a fresh checkout to a running console, with nothing but Python: ``demo`` shows it, ``test`` checks it.

    python3 installers/bootstrap.py demo [--videos DIR] [--camera URL]... [--headless ...]
    python3 installers/bootstrap.py test [pytest's arguments]

Everything up to the version check must be readable by Python 3.7.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

OLDEST = (3, 11)
NEWEST = (3, 13)
ROOT = Path(__file__).resolve().parent.parent
STATUS_FAILED = 1
STATUS_USAGE = 2
STATUS_CANNOT_START = 3
STATUS_INTERRUPTED = 130


def main(arguments: list[str]) -> int:
    """Run the command line; the exit status."""
    if not arguments or arguments[0] not in ("demo", "test"):
        wants_help = bool(arguments) and arguments[0] in ("-h", "--help")
        print(__doc__, file=sys.stdout if wants_help else sys.stderr)
        return 0 if wants_help else STATUS_USAGE
    if not is_supported(sys.version_info[:2]):
        return use_another_python(arguments)
    sys.path[0] = str(ROOT)  # instead of installers/, so that our modules have their full names
    from installers.errors import SetupError

    try:
        return demo(arguments[1:]) if arguments[0] == "demo" else test(arguments[1:])
    except SetupError as error:
        print(f"\n{error}", file=sys.stderr)
        return STATUS_CANNOT_START
    except PermissionError as error:
        print(
            f"\n{error.filename} cannot be written: {error.strerror}.\n"
            f"Run this as the owner of {ROOT}, or in a copy of your own.",
            file=sys.stderr,
        )
        return STATUS_CANNOT_START
    except KeyboardInterrupt:
        print("\nStopped. Run the same command again to go on.", file=sys.stderr)
        return STATUS_INTERRUPTED


def demo(arguments: list[str]) -> int:
    """Set up what the console needs, and start it with sample cameras."""
    from installers import environment, system_packages

    shows_window = not any(word in ("--headless", "-h", "--help") for word in arguments)
    if shows_window and not os.environ.get("DISPLAY"):
        require_screen()  # before anything is installed
    system_packages.install(system_packages.needs_of_demo(has_screen=shows_window), say=say)
    if shows_window:
        require_screen()  # now that the library is there that can ask the display
    ours = environment.of(ROOT)
    environment.prepare(ours, environment.RUNTIME, say=say)
    return hand_over([str(ours.python), "-m", "console", "demo", *arguments])


def test(arguments: list[str]) -> int:
    """Set up what the checks need, and run them all."""
    from installers import checks, environment, system_packages
    from installers.errors import SetupError

    system_packages.install(system_packages.needs_of_demo(has_screen=False), say=say)
    try:
        system_packages.install(system_packages.needs_of_tests(), say=say)
    except SetupError as error:
        say(f"Some tests will be skipped. {error}")
    ours = environment.of(ROOT)
    environment.prepare(ours, environment.DEVELOPMENT, say=say)
    return checks.run_all(ours.python, arguments, say=say)


def require_screen() -> None:
    """Return if a window can be opened.

    Raises:
        NotAvailable: Qt would find no screen, and abort.
    """
    from console.display import why_no_screen
    from installers.errors import NotAvailable

    why = why_no_screen()
    if why is not None:
        raise NotAvailable(why)


def is_supported(version: tuple[int, ...]) -> bool:
    """Whether the packages of the lock files exist for that Python."""
    return version >= OLDEST


def use_another_python(arguments: list[str]) -> int:
    """Start again with a newer Python if there is one on the path."""
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        newer = shutil.which(f"python3.{minor}")
        if newer is not None and _starts(newer):
            return subprocess.call([newer, str(Path(__file__).resolve()), *arguments])
    running = f"{sys.version_info[0]}.{sys.version_info[1]} ({sys.executable})"
    print(
        f"Gatehouse needs Python 3.11 or newer; this is Python {running}, and there is no newer one.\n"
        "Install one: Debian 12 and Ubuntu 24.04 have it as the package python3.",
        file=sys.stderr,
    )
    return STATUS_CANNOT_START


def hand_over(command: list[str]) -> int:
    """Become that program, importing from this checkout whatever folder we were called in."""
    path = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = str(ROOT) if not path else str(ROOT) + os.pathsep + path
    sys.stdout.flush()
    if sys.platform == "win32":  # execv there starts a second program and ends the first at once
        return subprocess.call(command)
    return os.execv(command[0], command)


def _starts(python: str) -> bool:
    asked = subprocess.run([python, "-c", ""], capture_output=True, check=False)
    return asked.returncode == 0


def say(sentence: str) -> None:
    """Show progress at once, also through a pipe."""
    print(sentence, flush=True)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
