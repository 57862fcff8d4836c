"""Everything the console is made of, by name; views and actions take what they need from here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.known_systems import KnownSystems
    from console.paths import Paths
    from console.playback.threads import Spawner
    from console.secrets import Secrets
    from console.server_process import ServerProcess
    from console.session import Sessions
    from console.settings import Settings
    from console.store.cameras import CameraStore
    from console.store.detections import DetectionStore
    from console.store.events import EventStore
    from console.store.footage import FootageStore
    from console.store.layouts import LayoutStore
    from console.store.notices import NoticeStore
    from console.store.pictures import PictureStore
    from console.store.systems import SystemStore
    from console.tasks import Tasks


@dataclass(frozen=True, slots=True)
class ConsoleParts:
    """Built once in ``console.app``."""

    paths: Paths
    """Where the console keeps its files."""
    settings: Settings
    """``settings.values.theme``; ``settings.change(theme="light")``; signal ``changed(str)``."""
    secrets: Secrets
    known: KnownSystems
    """Systems connected to before."""
    tasks: Tasks
    """``tasks.start(actions.…, name="…")``; signal ``failed(str, ConsoleError)``."""
    systems: SystemStore
    cameras: CameraStore
    events: EventStore
    footage: FootageStore
    """``footage.get(camera_key)``; ``actions.footage.load`` fills it; signal ``grew(CameraKey)``."""
    detections: DetectionStore
    notices: NoticeStore
    """Log window and toasts; signal ``said(Notice)``."""
    pictures: PictureStore
    """``get(system_id, path)`` → JPEG or None; signal ``arrived(system_id, path)``."""
    layouts: LayoutStore
    """Saved walls as rows; ``state(name)`` and ``remember(name, dict)`` for windows."""
    sessions: Sessions
    """``dialect(system_id)``, ``dialect_for(camera_key)``; both raise ConsoleError when signed out."""
    server: ServerProcess
    """The embedded server's process; started only when this computer is its own system."""
    spawner: Spawner
    """Makes decode threads; built before QApplication."""
