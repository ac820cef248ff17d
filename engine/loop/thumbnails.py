"""Small copies of a run's pictures, so that a page can show hundreds."""

from __future__ import annotations

import contextlib
from pathlib import Path

from PIL import Image

from .files import write_atomically

SIDE = 256
"""Longest side in pixels: sharp at 128 CSS pixels on a screen of double density."""
QUALITY = 80
DEFAULT_KEPT = 1000


class Thumbnails:
    """A cache of JPEG files in one folder. kept: at most so many; the least lately made ones go first, 0 keeps none.

    root may be emptied at any time: what is missing is made again.
    """

    def __init__(self, root: Path, kept: int = DEFAULT_KEPT) -> None:
        self.root, self.kept = root, kept

    def of(self, picture: Path, run_id: str) -> bytes:
        """The thumbnail of a picture of a run, as JPEG. Blocks: call it from a thread. Raises OSError, ValueError.

        A picture that was written anew, as a resumed render does, gets a new thumbnail.
        """
        changed = picture.stat().st_mtime_ns
        path = self.root / f"{run_id}_{picture.stem}_{changed:x}.jpg"
        with contextlib.suppress(OSError):
            return path.read_bytes()
        self.root.mkdir(parents=True, exist_ok=True)
        try:
            with Image.open(picture) as source:
                source.thumbnail((SIDE, SIDE))
                small = source.convert("RGB")
        except Image.DecompressionBombError as problem:
            raise ValueError(f"{picture.name} is too large for a thumbnail.") from problem
        write_atomically(path, lambda stream: small.save(stream, "JPEG", quality=QUALITY))
        jpeg = path.read_bytes()
        self._prune()
        return jpeg

    def forget(self, run_id: str) -> None:
        """Remove the thumbnails of a run."""
        for path in self.root.glob(f"{run_id}_*.jpg"):
            path.unlink(missing_ok=True)

    def _prune(self) -> None:
        with contextlib.suppress(OSError):
            files = list(self.root.glob("*.jpg"))
            if len(files) <= self.kept:
                return
            files.sort(key=lambda path: path.stat().st_mtime_ns)
            for path in files[: len(files) - self.kept]:
                path.unlink(missing_ok=True)
