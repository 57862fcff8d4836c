"""The ``gatehouse`` command: which part of Gatehouse is meant, and with what options."""

from __future__ import annotations

import argparse
import importlib
import multiprocessing
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from embedded_server.contract.version import PRODUCT_VERSION

if TYPE_CHECKING:
    from collections.abc import Sequence

USAGE = 2
CANNOT = 3
SERVER_COMMANDS = ("server", "user", "camera", "check", "models")
BENCHES = {
    "wall": "console.bench.wall",
    "live": "console.bench.live",
    "seek": "console.bench.seek",
    "record": "embedded_server.bench.record",
    "detect": "embedded_server.bench.detect",
}
_COMMANDS = """\
commands:
  (none)            the console
  demo              the console with its own server and sample cameras
  server            the server alone, without a window
  user, camera      accounts and cameras of a server on this computer
  check             check a data directory
  models            detection models: list, download, check
  bench NAME        measure: wall, live, seek, record, detect

`gatehouse COMMAND --help` says more about each.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; its exit code: 0 well, 2 not understood, 3 it could not be done (and stderr says why)."""
    multiprocessing.freeze_support()
    given = list(sys.argv[1:] if arguments is None else arguments)
    command = given[0] if given else ""
    if command in SERVER_COMMANDS:
        return _server(given)
    if command == "samples":
        return int(importlib.import_module("embedded_server.samples.__main__").main(given[1:]) or 0)
    if command == "bench":
        return _bench(given[1:])
    if command == "demo":
        return _demo(given[1:])
    return _console(given)


def _server(given: list[str]) -> int:
    # by name: the console itself must not depend on the server, only the command does
    cli = importlib.import_module("embedded_server.cli")
    result = cli.app(args=given, prog_name="gatehouse", standalone_mode=True)
    return int(result or 0)


def _bench(given: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="gatehouse bench",
        description="Measure a part of Gatehouse; the last line printed is one JSON object.",
        epilog="Further options go to the bench itself: gatehouse bench NAME --help.",
        add_help=not given or given[0].startswith("-"),
    )
    parser.add_argument("name", choices=sorted(BENCHES))
    options, rest = parser.parse_known_args(given)
    return int(importlib.import_module(BENCHES[options.name]).main(rest) or 0)


def _console(given: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="gatehouse",
        description="Operator console for video security.",
        epilog=_COMMANDS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"Gatehouse {PRODUCT_VERSION}")
    parser.add_argument(
        "--self-test",
        action="store_true",
        help="without a screen: open the window, show a picture, run the detector once; exit 0 if all is well",
    )
    parser.add_argument(
        "--config-dir", type=Path, help="keep settings, walls and the list of systems here"
    )
    parser.add_argument(
        "--data-dir", type=Path, help="data directory of this computer's own server"
    )
    _add_screen_options(parser)
    options = parser.parse_args(given)
    if options.self_test:
        return _self_test()
    refused = _refuse(parser, options)
    if refused:
        return refused
    if options.config_dir:
        os.environ["GATEHOUSE_CONFIG_DIR"] = str(options.config_dir)
    if options.data_dir:
        os.environ["GATEHOUSE_DATA_DIR"] = str(options.data_dir)
    from console import app, paths

    return app.run(
        app.Start(
            paths.default_paths(),
            headless=options.headless,
            screenshot=options.screenshot,
            seconds=_seconds(options),
        )
    )


def _demo(given: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="gatehouse demo",
        description="The console with its own server and sample cameras. What it records is kept between "
        "demos, apart from your own data.",
    )
    parser.add_argument(
        "--videos", type=Path, metavar="DIR", help="the video files of a folder as cameras"
    )
    parser.add_argument(
        "--camera",
        action="append",
        default=[],
        metavar="URL",
        help="add a real camera (rtsp://…); may be repeated",
    )
    parser.add_argument("--dir", type=Path, help="keep the demo's data here")
    _add_screen_options(parser)
    options = parser.parse_args(given)
    refused = _refuse(parser, options)
    if refused:
        return refused
    from console import app, demo, paths

    folder = options.dir or paths.default_paths().cache / "demo"
    return app.run(
        app.Start(
            paths.paths_below(folder),
            headless=options.headless,
            screenshot=options.screenshot,
            seconds=_seconds(options),
            prepare=demo.Demo(options.videos, tuple(options.camera)).prepare,
        )
    )


def _self_test() -> int:
    from console import self_test

    with tempfile.TemporaryDirectory(
        prefix="gatehouse-self-test-", ignore_cleanup_errors=True
    ) as folder:
        return self_test.run(Path(folder))


def _add_screen_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--headless", action="store_true", help="run without a screen")
    parser.add_argument(
        "--screenshot", type=Path, metavar="FILE", help="save a picture of the window at the end"
    )
    parser.add_argument(
        "--seconds", type=float, metavar="N", help="end after this long (10 with --screenshot)"
    )


def _seconds(options: argparse.Namespace) -> float | None:
    if options.seconds is None and options.screenshot is not None:
        return 10.0
    seconds: float | None = options.seconds
    return seconds


def _refuse(parser: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    """Exit code when it cannot be done, with the sentence printed; 0 when it can."""
    if options.seconds is not None and not 0 < options.seconds < float("inf"):
        parser.error("--seconds must be more than 0")
    if options.headless:
        return 0
    from console.display import why_no_screen

    why = why_no_screen()
    if why is not None:
        sys.stderr.write(f"{why}\n")
        return CANNOT
    return 0


if __name__ == "__main__":
    sys.exit(main())
