"""HOUSE_STYLE "Who may import whom", as code. Change the sentence there first.

Direct imports are checked against complete lists, so what is allowed indirectly follows from them.
Imports for types only count too: a layer that names another one depends on it.
"""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from pytest_archon import archrule

ROOT = Path(__file__).parents[2]
OURS = ("console", "widgets", "embedded_server", "resources", "installers", "tests")


@dataclass(frozen=True)
class Layer:
    """Modules, what of ours they may import, and what of others they may not."""

    sentence: str
    modules: tuple[str, ...]
    may_import: tuple[str, ...]
    but_not: tuple[str, ...] = ()
    never: tuple[str, ...] = ()


QT = ("PySide6",)
IO = (
    "httpx",
    "websockets",
    "av",
    "cv2",
    "sqlalchemy",
    "socket",
    "subprocess",
    "sqlite3",
    "keyring",
)
WEB = ("fastapi", "starlette", "uvicorn")

# Built once in console/app.py and handed in; not layers of their own.
HANDED_IN = tuple(
    f"console.{name}"
    for name in (
        "parts",
        "paths",
        "files",
        "settings",
        "secrets",
        "tasks",
        "session",
        "server_process",
        "known_systems",
    )
)
# The words that the server's processes share: values, protocols, messages.
SHARED_WORDS = (
    "embedded_server.services.model",
    "embedded_server.services.ports",
    "embedded_server.contract.live",
    "embedded_server.ipc",
    "embedded_server.children",
    "embedded_server.clock",
)

LAYERS = (
    Layer(
        "domain: frozen values and pure rules, no Qt, no I/O",
        ("console.domain",),
        ("console.domain",),
        never=(*QT, *IO, *WEB, "asyncio", "os", "threading"),
    ),
    Layer(
        "dialects → domain; no Qt",
        ("console.dialects",),
        ("console.dialects", "console.domain"),
        but_not=("console.dialects.native",),
        never=QT,
    ),
    Layer(
        "only dialects.native → embedded_server.contract",
        ("console.dialects.native",),
        ("console.dialects", "console.domain", "embedded_server.contract"),
        never=QT,
    ),
    Layer("store → domain", ("console.store",), ("console.store", "console.domain"), never=IO),
    Layer(
        "models → store → domain",
        ("console.models",),
        ("console.models", "console.store", "console.domain"),
        never=IO,
    ),
    Layer(
        "actions → dialects.base, store, domain",
        ("console.actions",),
        ("console.actions", "console.dialects.base", "console.store", "console.domain", *HANDED_IN),
        never=("PySide6.QtWidgets", *IO),
    ),
    Layer(
        "session → dialects.base, store, domain",
        ("console.session",),
        ("console.dialects.base", "console.store", "console.domain", "console.tasks"),
        never=("PySide6.QtWidgets", *IO),
    ),
    Layer(
        "playback: decoding for display",
        ("console.playback",),
        ("console.playback", "console.dialects.base", "console.domain"),
    ),
    Layer(
        "views → actions, models, playback, widgets",
        ("console.views",),
        (
            "console.views",
            "console.actions",
            "console.models",
            "console.playback",
            "console.store",
            "console.domain",
            "widgets",
            "resources",
            *HANDED_IN,
        ),
        never=IO,
    ),
    Layer("widgets → Qt", ("widgets",), ("widgets", "resources"), never=IO),
    Layer(
        "contract → nothing of ours", ("embedded_server.contract",), ("embedded_server.contract",)
    ),
    Layer(
        "services → nothing that does I/O (it is handed in)",
        ("embedded_server.services",),
        ("embedded_server.services", "embedded_server.contract", "embedded_server.clock"),
        never=(*IO, *WEB, *QT),
    ),
    Layer(
        "api → services, contract",
        ("embedded_server.api",),
        ("embedded_server.api", "embedded_server.services", "embedded_server.contract"),
        never=("sqlalchemy", "av", "cv2", "subprocess"),
    ),
    Layer(
        "storage keeps what services name; what a footage file holds, the recorder knows",
        ("embedded_server.storage",),
        (
            "embedded_server.storage",
            "embedded_server.services",
            "embedded_server.clock",
            "embedded_server.recorder",
        ),
        never=(*WEB, *QT, "av", "cv2"),
    ),
    Layer(
        "the recorder never decodes",
        ("embedded_server.recorder",),
        ("embedded_server.recorder", "embedded_server.media", *SHARED_WORDS),
        never=(*WEB, *QT, "cv2", "sqlalchemy", "onnxruntime"),
    ),
    Layer(
        "media: packets and frames, in a process of their own",
        ("embedded_server.media",),
        ("embedded_server.media", "embedded_server.recorder", *SHARED_WORDS),
        never=(*WEB, *QT, "sqlalchemy", "onnxruntime"),
    ),
    Layer(
        "the detector never holds up the recorder: it does not know it",
        ("embedded_server.detector",),
        ("embedded_server.detector", "resources", *SHARED_WORDS),
        never=(*WEB, *QT, "sqlalchemy"),
    ),
    Layer(
        "the server knows nothing of the console",
        ("embedded_server",),
        ("embedded_server", "resources"),
        never=QT,
    ),
)
# Each is known to few: (library, the modules that may import it)
FEW = (
    ("qasync", ("console.loop",)),
    ("keyring", ("console.secrets",)),
    ("qtawesome", ("widgets.icons",)),
    ("onnxruntime", ("embedded_server.detector.onnx_session",)),
    ("sqlalchemy", ("embedded_server.storage",)),
    ("alembic", ("embedded_server.storage",)),
    ("fastapi", ("embedded_server.api", "embedded_server.app", "embedded_server.serving")),
    ("uvicorn", ("embedded_server.serving",)),
    (
        "av",
        (
            "console.playback",
            "console.bench",
            "embedded_server.media",
            "embedded_server.recorder",
            "embedded_server.detector",
            "embedded_server.samples",
            "embedded_server.bench",
        ),
    ),
)


def _with_parts(modules: tuple[str, ...]) -> list[str]:
    return [pattern for module in modules for pattern in (module, f"{module}.*")]


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.sentence)
def test_layer(layer: Layer) -> None:
    rule = archrule(layer.sentence).match(*_with_parts(layer.modules))
    if layer.but_not:
        rule = rule.exclude(*_with_parts(layer.but_not))
    constraints = rule.should_not_import(*_with_parts(OURS), *_with_parts(layer.never))
    package = layer.modules[0].split(".")[0]
    constraints.may_import(*_with_parts(layer.may_import), package).check(
        package, only_direct_imports=True
    )


@pytest.mark.parametrize(("library", "modules"), FEW, ids=[library for library, _ in FEW])
def test_known_to_few(library: str, modules: tuple[str, ...]) -> None:
    for package in ("console", "widgets", "embedded_server"):
        archrule(f"{library} is known to {', '.join(modules)}").match("*").exclude(
            *_with_parts(modules)
        ).should_not_import(library, f"{library}.*").check(package, only_direct_imports=True)


def test_console_sees_only_the_contract_of_the_server() -> None:
    archrule("the console speaks to the server over the wire").match("console.*").exclude(
        "console.dialects.native*", "console.__main__"
    ).should_not_import("embedded_server*").may_import(
        "embedded_server.contract.version", "embedded_server", "embedded_server.contract"
    ).check("console", only_direct_imports=True)


def test_contract_stays_light() -> None:
    archrule("pydantic and the standard library").match("embedded_server.contract*").should(
        lambda _module, direct, _all: all(
            name.split(".")[0] in {*sys.stdlib_module_names, "pydantic", "embedded_server"}
            for name in direct
        ),
        "imports only pydantic and the standard library",
    ).check("embedded_server")
    assert _imports_of(ROOT / "embedded_server" / "__init__.py") == set()


def test_set_up_needs_nothing_installed() -> None:
    modules = [*(ROOT / "installers").glob("*.py"), ROOT / "console" / "display.py"]
    for module in modules:
        foreign = _imports_of(module) - {"console.display"}
        foreign = {name.split(".")[0] for name in foreign} - {"installers"}
        assert foreign <= set(sys.stdlib_module_names), module.name
    assert _imports_of(ROOT / "console" / "__init__.py") == set()


def test_children_are_spawned() -> None:
    """Never forked: threads run, and Windows and macOS cannot."""
    for package in ("console", "embedded_server"):
        for module in (ROOT / package).rglob("*.py"):
            text = module.read_text(encoding="utf-8")
            assert "os.fork" not in text, module
            assert "set_start_method" not in text, module
            if "multiprocessing.Process(" in text or 'get_context("' in text:
                assert 'get_context("spawn")' in text, module


def _imports_of(module: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module != "__future__":
            names.add(node.module or "")
    return names
