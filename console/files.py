"""Small files of the console's own, written whole or not at all."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


def write_json(path: Path, value: Any, *, is_private: bool = False) -> None:
    """Write a JSON file so that a crash leaves either the old or the new one.

    Args:
        path: where; missing folders are made.
        value: what ``json`` can write.
        is_private: readable by this account only, from the first byte on.

    Raises:
        OSError: it cannot be written; the old file is as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # mkstemp makes the file with mode 0600
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(value, file, indent=2, ensure_ascii=False)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        if not is_private:
            temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def read_json(path: Path) -> tuple[dict[str, Any], str | None]:
    """What a JSON file holds, and a sentence if something was wrong with it.

    A missing file is empty. A damaged one is put aside under another name, so that nothing is lost by writing
    the next one.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}, None
    except (OSError, UnicodeDecodeError) as error:
        return {}, set_aside(path, reason=str(error))
    try:
        value = json.loads(text)
    except ValueError as error:
        return {}, set_aside(path, reason=str(error))
    if not isinstance(value, dict):
        return {}, set_aside(path, reason="it holds no JSON object")
    return value, None


def set_aside(path: Path, *, reason: str) -> str:
    """Rename a damaged file; the sentence that tells the operator."""
    kept = path.with_name(f"{path.stem}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%SZ}{path.suffix}")
    try:
        path.replace(kept)
    except OSError as error:
        return f"{path} cannot be read ({reason}) nor moved aside ({error}); defaults are used."
    return f"{path.name} was damaged ({reason}) and is kept as {kept}; defaults are used."
