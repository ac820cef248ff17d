"""The LoRA files that are installed: what is known of each without loading it."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .families import family_written
from .header import BadHeader, Header, read_header
from .header_notes import guessed_triggers, notes_of, written_family
from .key_signature import family_of_parts
from .lora_parts import parts_of
from .phrases import phrase
from .sidecars import Notes, read_sidecar, sidecar_paths, together

LOG = logging.getLogger(__name__)

Stamp = tuple[tuple[int, int] | None, ...]
"""(time of change in ns, bytes) of a file and of each place where a sidecar could be; None where there is no file."""


@dataclass(frozen=True)
class LoraFile:
    """name: as ComfyUI lists it, with / between folders. triggers: written to be used, by a sidecar or the header.

    guessed_triggers: what it was trained with. problem: why it cannot be used; "" when it can. notes: what else is
    wrong.
    """

    name: str
    path: Path
    stamp: Stamp
    title: str = ""
    family: str = ""
    triggers: tuple[str, ...] = ()
    guessed_triggers: tuple[str, ...] = ()
    strength: float | None = None
    problem: str = ""
    notes: str = ""

    @property
    def short(self) -> str:
        """The name without ending, folders included."""
        return self.name.rsplit(".", 1)[0]

    @property
    def stem(self) -> str:
        return self.short.rsplit("/", 1)[-1]

    @property
    def own_words(self) -> frozenset[str]:
        return frozenset(phrase(f"{self.stem}, {self.title}"))


class Index:
    """Files already read, kept as long as neither they nor their sidecars change."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, Path], LoraFile] = {}

    def files(self, listing: Iterable[tuple[str, Path]]) -> list[LoraFile]:
        """listing: (name, path) of every LoRA file there is now. Files that vanish while they are read are left out."""
        known: dict[tuple[str, Path], LoraFile] = {}
        for name, path in listing:
            stamp = stamp_of(path)
            if stamp[0] is None:
                continue
            before = self._known.get((name, path))
            known[name, path] = before if before and before.stamp == stamp else read_lora(name, path, stamp)
        self._known = known
        return list(known.values())


def stamp_of(path: Path) -> Stamp:
    """What changes when the file or one of its sidecars does."""
    return tuple(map(_stamp, (path, *sidecar_paths(path))))


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def read_lora(name: str, path: Path, stamp: Stamp) -> LoraFile:
    """Header and sidecars of one file. A file that cannot be read has a problem, and disturbs no other."""
    name = name.replace("\\", "/")
    beside = together(_read_beside(p) for p, found in zip(sidecar_paths(path), stamp[1:], strict=True) if found)
    try:
        return _described(name, path, stamp, read_header(path), beside)
    except (BadHeader, OSError) as problem:
        return LoraFile(name, path, stamp, problem=str(problem), notes=beside.problem)
    except Exception as problem:  # damage that nobody thought of
        LOG.warning("Imitatoes: %s cannot be read: %r", path, problem)
        return LoraFile(name, path, stamp, problem="its header cannot be read. Get it again.", notes=beside.problem)


def _read_beside(path: Path) -> Notes:
    try:
        return read_sidecar(path)
    except Exception as problem:  # damage that nobody thought of
        LOG.warning("Imitatoes: %s cannot be read: %r", path, problem)
        return Notes(problem=f"{path.name} cannot be read and is not used")


def _described(name: str, path: Path, stamp: Stamp, header: Header, beside: Notes) -> LoraFile:
    inside = notes_of(header.metadata)
    return LoraFile(
        name=name,
        path=path,
        stamp=stamp,
        title=beside.title or inside.title,
        family=_family(header, beside.base),
        triggers=beside.triggers or inside.triggers,
        guessed_triggers=guessed_triggers(header.metadata),
        strength=beside.strength,
        notes=beside.problem,
    )


def _family(header: Header, base: str) -> str:
    by_parts = family_of_parts(parts_of(header.shapes))
    written = written_family(header.metadata) or family_written(base)
    # A LoRA of Chroma that leaves its guidance layer alone has the parts of one of FLUX.1.
    return written if (by_parts, written) == ("FLUX.1", "Chroma") else by_parts or written
