"""Writing files so that a reader sees the old one or the new one, never half of one."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None
    import msvcrt

PART = ".part"
"""Ending of what is being written. A server that dies leaves such files behind."""
LOCKED_BYTE = 1 << 20
"""What of a file is locked on Windows: behind its content, which others may read."""
LOOKS, LOOK_AGAIN_SECONDS = (1, 0.0) if fcntl is not None else (5, 0.01)
"""Windows has no lock that several who look can have at the same moment, so a refusal is looked at again there."""


def write_atomically(path: Path, write: Callable[[BinaryIO], None]) -> None:
    """Write through a temporary file beside the target, then swap it in.

    A killed process leaves the old file whole. Raises OSError: disk full, folder read-only, name taken by a folder.
    """
    temporary = path.with_name(f".{uuid.uuid4().hex}{PART}")
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


def folder_size(folder: Path) -> int:
    """Bytes of all files in a folder and below; what cannot be read counts nothing. Blocks: call it from a thread."""
    total = 0
    for path in folder.rglob("*"):
        with suppress(OSError):
            if path.is_file() and not path.is_symlink():
                total += path.stat().st_size
    return total


def clear_parts(folders: Iterable[Path], before: float) -> int:
    """Remove what writers that died have left in these folders; how many. before: epoch seconds of the last write."""
    removed = 0
    for folder in folders:
        with suppress(OSError):
            for path in folder.glob(f".*{PART}"):
                with suppress(OSError):
                    if path.stat().st_mtime < before:
                        path.unlink()
                        removed += 1
    return removed


def hold_lock(path: Path) -> BinaryIO:
    """Open a file and lock it until it is closed or the process ends, however it ends.

    Where the file system knows no locks it is only opened. Who looks whether it is locked has a lock for a moment, so
    a refusal is tried again for a while. Raises OSError.
    """
    stream = path.open("r+b")
    for _ in range(100):
        try:
            _lock(stream)
            break
        except (BlockingIOError, PermissionError):
            time.sleep(0.01)
        except OSError:
            break
    return stream


def is_lock_held(path: Path) -> bool | None:
    """Whether somebody holds the lock of a file; None where that cannot be told. Others who look do not count."""
    try:
        stream = path.open("r+b")
    except FileNotFoundError:  # cleared away this moment: who holds a lock has its file
        return False
    except OSError:
        return None
    with stream:
        for _ in range(LOOKS):
            try:
                _lock(stream, looking=True)
            except (BlockingIOError, PermissionError):
                time.sleep(LOOK_AGAIN_SECONDS)
            except OSError:
                return None
            else:
                return False
    return True


def _lock(stream: BinaryIO, looking: bool = False) -> None:
    if fcntl is not None:
        fcntl.flock(stream, (fcntl.LOCK_SH if looking else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    else:
        stream.seek(LOCKED_BYTE)
        msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
