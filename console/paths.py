"""Where the console keeps its files."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs

APP = "gatehouse"


@dataclass(frozen=True, slots=True)
class Paths:
    """Folders of one console; tests and the demo hand in their own."""

    config: Path
    """Settings, walls, the list of systems."""
    data: Path
    """The embedded server's data directory."""
    cache: Path
    log: Path

    @property
    def settings_file(self) -> Path:
        """Settings as the operator changed them."""
        return self.config / "settings.json"

    @property
    def layouts_file(self) -> Path:
        """Walls and window state."""
        return self.config / "layouts.json"

    @property
    def systems_file(self) -> Path:
        """Remembered systems, without secrets."""
        return self.config / "systems.json"


def default_paths() -> Paths:
    """The places that the platform gives; ``GATEHOUSE_CONFIG_DIR`` and ``GATEHOUSE_DATA_DIR`` override."""
    config = os.environ.get("GATEHOUSE_CONFIG_DIR")
    data = os.environ.get("GATEHOUSE_DATA_DIR")
    return Paths(
        config=Path(config) if config else platformdirs.user_config_path(APP, appauthor=False),
        # the server's own default, so that `gatehouse camera list` is about the same cameras
        data=Path(data) if data else platformdirs.user_data_path(APP, appauthor=False),
        cache=platformdirs.user_cache_path(APP, appauthor=False),
        log=platformdirs.user_log_path(APP, appauthor=False),
    )


def paths_below(folder: Path) -> Paths:
    """Everything in one folder."""
    return Paths(
        config=folder / "config",
        data=folder / "server",
        cache=folder / "cache",
        log=folder / "logs",
    )
