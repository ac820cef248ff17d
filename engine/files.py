"""Writing files so that a reader sees the old one or the new one, never half of one."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO


def write_atomically(path: Path, write: Callable[[BinaryIO], None]) -> None:
    """Write through a temporary file beside the target, then swap it in.

    A killed process leaves the old file whole. Raises OSError: disk full, folder read-only, name taken by a folder.
    """
    temporary = path.with_name(f".{uuid.uuid4().hex}.part")
    try:
        with temporary.open("xb") as stream:
            write(stream)
        _swap_in(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_text(path: Path, text: str) -> None:
    """write_atomically for UTF-8 text."""
    write_atomically(path, lambda stream: stream.write(text.encode("utf-8")) and None)


def _swap_in(temporary: Path, path: Path) -> None:
    """Replace, with some patience: on Windows a viewer or virus scanner may hold the old file open for a moment."""
    for pause in (0.01, 0.05, 0.2, 0.5):
        try:
            temporary.replace(path)
            return
        except PermissionError:
            time.sleep(pause)
    temporary.replace(path)
