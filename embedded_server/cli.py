"""The commands of the server. Exit codes: 0 well, 2 not understood, 3 it could not be done, and stderr says why."""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import logging
import logging.handlers
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from embedded_server import checking, config, offline, remote
from embedded_server.contract.cameras import Camera, CameraCreate, Paths
from embedded_server.contract.version import PRODUCT_VERSION
from embedded_server.services.auth import ADMINISTRATOR
from embedded_server.services.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator, Sequence

CANNOT = 3
COMMANDS = ("server", "user", "camera", "check", "models")
LOG_BYTES = 5_000_000
LOG_FILES = 5
_FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__
)
user = typer.Typer(no_args_is_help=True, help="Accounts of a server on this computer.")
camera = typer.Typer(
    no_args_is_help=True,
    help="Cameras, of a running server with --server, otherwise in the data directory of one that is stopped.",
)
app.add_typer(user, name="user")
app.add_typer(camera, name="camera")

DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="Where everything is kept.", show_default=False)
]
ServerUrl = Annotated[
    str | None, typer.Option("--server", help="Address of a running server.", show_default=False)
]
Username = Annotated[
    str | None,
    typer.Option(
        "--username",
        envvar="GATEHOUSE_ADMIN_USERNAME",
        help="Who signs in to it.",
        show_default=False,
    ),
]


def with_command(arguments: Sequence[str]) -> list[str]:
    """``python -m embedded_server`` without a command means ``server``."""
    given = list(arguments)
    if given and (given[0] in COMMANDS or given[0] in ("--help", "--version")):
        return given
    return ["server", *given]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(PRODUCT_VERSION)
        raise typer.Exit


@app.callback()
def common(
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it and exit.")
    ] = False,
) -> None:
    """Gatehouse's server and its tools."""


@app.command()
def server(
    data_dir: DataDir = None,
    host: Annotated[
        str | None, typer.Option(help="Address to bind.", show_default="127.0.0.1")
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="0 takes any that is free.", show_default="8480")
    ] = None,
    insecure: Annotated[
        bool | None,
        typer.Option("--insecure", help="Bind an address that others can reach, unencrypted."),
    ] = None,
    log_level: Annotated[str | None, typer.Option(help="debug, info, warning or error.")] = None,
) -> None:
    """Run the server until Ctrl-C or SIGTERM."""
    with _complaining():
        settings = config.load(
            data_dir=data_dir, host=host, port=port, insecure=insecure, log_level=log_level
        )
        settings.check_bind()
        os.environ.pop("GATEHOUSE_ADMIN_PASSWORD", None)  # child processes need not inherit it
        from embedded_server import serving  # the other commands start faster without

        faulthandler.enable()
        with _logging(settings) as to_stderr:

            def say(line: str) -> None:
                typer.echo(line)
                sys.stdout.flush()
                to_stderr()

            asyncio.run(serving.serve(settings, say=say))


@user.command("create")
def create_user(
    username: str,
    data_dir: DataDir = None,
    role: Annotated[str, typer.Option(help="administrator, operator or viewer.")] = ADMINISTRATOR,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
) -> None:
    """Add an account."""
    password = _new_password(from_stdin=password_stdin)

    async def run() -> None:
        async with offline.users(config.load(data_dir=data_dir)) as auth:
            await auth.create(username, password, role)

    _run(run())
    typer.echo(f"Created {role} {username}.")


@user.command("reset-password")
def reset_password(
    username: str,
    data_dir: DataDir = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
) -> None:
    """Give an account another password; its sessions end within seconds."""
    password = _new_password(from_stdin=password_stdin)

    async def run() -> None:
        async with offline.users(config.load(data_dir=data_dir)) as auth:
            await auth.reset_password(username, password)

    _run(run())
    typer.echo(f"The password of {username} is changed.")


@camera.command("add")
def add_camera(
    name: str,
    url: Annotated[str, typer.Argument(help="rtsp://, http:// or file:// address.")],
    detect: Annotated[
        str | None,
        typer.Option(help="Address of a smaller stream for detection.", show_default=False),
    ] = None,
    data_dir: DataDir = None,
    server_url: ServerUrl = None,
    username: Username = None,
) -> None:
    """Add a camera; user name and password may stand in the address."""
    body = CameraCreate(name=name, paths=Paths(live=url, record=url, detect=detect or url))

    async def run() -> Camera:
        if server_url is not None:
            async with remote.signed_in(server_url, username, _password) as api:
                return await api.add_camera(body)
        async with offline.cameras(config.load(data_dir=data_dir)) as service:
            return service.shape(await service.create(body))

    typer.echo(f"Added {_run(run()).id}.")


@camera.command("list")
def list_cameras(
    data_dir: DataDir = None, server_url: ServerUrl = None, username: Username = None
) -> None:
    """List the cameras."""

    async def run() -> list[Camera]:
        if server_url is not None:
            async with remote.signed_in(server_url, username, _password) as api:
                return await api.cameras()
        async with offline.cameras(config.load(data_dir=data_dir)) as service:
            return [service.shape(each) for each in service.list()]

    for each in _run(run()):
        state = each.state if server_url is not None else "enabled" if each.enabled else "off"
        path = each.paths.live or each.paths.record or each.paths.detect or ""
        typer.echo(f"{each.number:>4}  {each.id:<24} {state:<12} {each.name}  {path}")


@camera.command("remove")
def remove_camera(
    camera_id: str,
    data_dir: DataDir = None,
    server_url: ServerUrl = None,
    username: Username = None,
) -> None:
    """Remove a camera; what it has recorded stays until its time has come."""

    async def run() -> None:
        if server_url is not None:
            async with remote.signed_in(server_url, username, _password) as api:
                await api.remove_camera(camera_id)
            return
        async with offline.cameras(config.load(data_dir=data_dir)) as service:
            await service.delete(camera_id)

    _run(run())
    typer.echo(f"Removed {camera_id}.")


@app.command()
def check(
    data_dir: DataDir = None,
    depth: Annotated[
        checking.Depth, typer.Option(help="catalogue, files (sizes too), content (hashes too).")
    ] = checking.Depth.FILES,
    repair: Annotated[
        bool,
        typer.Option(
            "--repair",
            help="Set a damaged catalogue aside and begin a new one; take lost footage out of the catalogue.",
        ),
    ] = False,
) -> None:
    """Check the data directory of a server that is stopped; exit code 1 when something is wrong."""

    async def run() -> checking.Findings:
        return await checking.check(config.load(data_dir=data_dir), depth, repair=repair)

    found = _run(run())
    for problem in found.problems:
        typer.echo(problem)
    if found.unknown_files:
        typer.echo(
            f"{found.unknown_files} files are not in the catalogue; the server adopts them when it starts."
        )
    typer.echo(f"{found.segments} segments looked at, {len(found.problems)} problems.")
    if found.problems:
        raise typer.Exit(1)


@app.command()
def models(data_dir: DataDir = None) -> None:
    """List the detection models that cameras can name as their detector."""
    from embedded_server.detector.onnx_cards import models_in

    with _complaining():
        folder = config.load(data_dir=data_dir).data_dir / "models"
        typer.echo("builtin")
        for path in models_in([folder]):
            typer.echo(path.stem)


def _run(work: Coroutine[Any, Any, Any]) -> Any:
    with _complaining():
        return asyncio.run(work)


@contextlib.contextmanager
def _complaining() -> Iterator[None]:
    """Turn a refusal into one sentence and exit code 3."""
    try:
        yield
    except ServiceError as error:
        _fail(error.message)
    except KeyboardInterrupt:
        raise typer.Exit from None


def _fail(sentence: str) -> NoReturn:
    typer.echo(sentence, err=True)
    raise typer.Exit(CANNOT)


def _new_password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return str(typer.prompt("New password", hide_input=True, confirmation_prompt=True))


def _password(username: str) -> str:
    return str(typer.prompt(f"Password of {username}", hide_input=True))


@contextlib.contextmanager
def _logging(settings: config.ServerSettings) -> Iterator[Any]:
    """Into ``logs/server.log``; to stderr too, once the yielded function is called.

    Not before: until the server listens, stderr is for the one sentence that says why it cannot.
    """
    root = logging.getLogger()
    root.setLevel(settings.log_level_number)
    formatter = logging.Formatter(_FORMAT)
    handlers: list[logging.Handler] = []

    def add(handler: logging.Handler) -> None:
        handler.setFormatter(formatter)
        root.addHandler(handler)
        handlers.append(handler)

    with contextlib.suppress(OSError):  # an unusable directory is reported by who needs it
        folder = settings.data_dir / "logs"
        folder.mkdir(parents=True, exist_ok=True)
        add(
            logging.handlers.RotatingFileHandler(
                folder / "server.log", maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8"
            )
        )
    added: list[bool] = []

    def to_stderr() -> None:
        if not added:
            added.append(True)
            add(logging.StreamHandler(sys.stderr))

    try:
        yield to_stderr
    finally:
        for handler in handlers:
            root.removeHandler(handler)
            handler.close()
