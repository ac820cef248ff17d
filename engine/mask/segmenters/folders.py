"""Model folders: what they hold, what they lack, and which of them an engine takes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from .failures import SegmenterUnavailable
from .kinds import AUTO, CLIPSEG, ENGINES, FLORENCE2, GROUNDING_DINO, SAM, SAM2, SAM3, Kind, kind_of

DEEPEST = 3
"""Folders below a root that are searched: models/LLM/florence-community/Florence-2-base has two."""
TOKENIZERS = ("tokenizer.json", "vocab.json", "vocab.txt")
OUTLINERS = (SAM2, SAM)
"""Kinds that turn a box into an outline, the preferred one first: SAM 2 takes a quarter of SAM's time (benchmark)."""


@dataclass(frozen=True)
class ModelFolder:
    """name: as the user sees and chooses it ("text_segment/clipseg"), never an absolute path."""

    name: str
    path: Path
    kind: Kind


@dataclass(frozen=True)
class EngineChoice:
    """What an engine takes. reader: finds by words. outliner: makes outlines of its boxes; None without a SAM folder
    or where the reader needs none. notes: what the user should know about the choice."""

    engine: str
    reader: ModelFolder
    outliner: ModelFolder | None = None
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        names = " and ".join(folder.name for folder in (self.reader, self.outliner) if folder is not None)
        return f"{self.engine} ({names})"


def folders_in(roots: Iterable[tuple[str, Path]]) -> list[ModelFolder]:
    """All model folders below these (label, folder) pairs that one of our kinds can use, in the order of the roots."""
    found: dict[str, ModelFolder] = {}
    for label, root in roots:
        for folder in _with_config(root, DEEPEST):
            kind = _kind_in(folder)
            if kind is not None:
                name = "/".join((label, *folder.relative_to(root).parts))
                found.setdefault(name, ModelFolder(name, folder, kind))
    return list(found.values())


def what_is_missing(folder: ModelFolder) -> str:
    """A sentence naming the files that are not there; empty when the folder is whole."""
    kind, lacks = folder.kind, []
    weights = sorted(folder.path.glob("*.safetensors"))
    index = folder.path / "model.safetensors.index.json"
    if index.is_file():
        weights = [folder.path / name for name in _named_in(index)]
    absent = [path.name for path in weights if not path.is_file()]
    if not weights or absent:
        lacks.append(", ".join(absent) if absent else "model.safetensors")
    if kind.reads_words and not any((folder.path / name).is_file() for name in TOKENIZERS):
        lacks.append("tokenizer.json")
    if not lacks:
        return ""
    only_pickle = not weights and any(folder.path.glob("*.bin"))
    hint = " Its .bin file is not read, because such files can run code." if only_pickle else ""
    return (
        f"The model folder {folder.name} lacks {' and '.join(lacks)}.{hint} "
        f"Get all files of {kind.repository}, {kind.size}."
    )


def choose(
    engine: str, wanted: str, folders: Sequence[ModelFolder], offered: Callable[[Kind], bool], root: str
) -> EngineChoice:
    """The folders for an engine and a model_folder, each possibly "auto".

    offered: whether transformers knows the kind. root: where new folders belong, for messages.
    Raises SegmenterUnavailable.
    """
    picked = next((folder for folder in folders if folder.name == wanted), None)
    if wanted != AUTO and picked is None:
        raise SegmenterUnavailable(
            f"There is no model folder {wanted[:100]}. Choose another one, or put it there and press R."
        )
    reads = picked is not None and picked.kind not in OUTLINERS
    notes: tuple[str, ...] = ()
    if engine == AUTO:
        engine = _best(folders, offered) if picked is None else _engine_of(picked.kind)
        notes = _passed_over(folders, offered) if picked is None else ()
    if engine not in ENGINES:
        raise SegmenterUnavailable(_nothing_found(folders, root))
    kind = ENGINES[engine]
    if reads and picked.kind is not kind:
        raise SegmenterUnavailable(
            f"{picked.name} holds {picked.kind.name}, but the engine is {engine}. Set engine or model_folder to auto."
        )
    if picked is not None and not reads and kind is not GROUNDING_DINO:
        raise SegmenterUnavailable(
            f"{picked.name} holds {picked.kind.name}, which outlines boxes and finds nothing by words. "
            f"Set model_folder to auto or to a folder with {kind.name}."
        )
    reader = picked if reads else _usable(folders, kind)
    if reader is None:
        raise SegmenterUnavailable(f"There is no model folder for {engine}. {how_to_get(kind, root)}")
    if kind is not GROUNDING_DINO:
        return EngineChoice(engine, reader, None, notes)
    outliner = picked if picked is not None and not reads else outliner_in(folders, offered)
    return EngineChoice(engine, reader, outliner, notes)


def outliner_in(folders: Sequence[ModelFolder], offered: Callable[[Kind], bool]) -> ModelFolder | None:
    """The folder to outline boxes with, None when there is none."""
    usable = (_usable(folders, kind) for kind in OUTLINERS if offered(kind))
    return next((folder for folder in usable if folder is not None), None)


def how_to_get(kind: Kind, root: str) -> str:
    name = kind.repository.split("/")[-1]
    files = "config.json, model.safetensors and the tokenizer" if kind.reads_words else "config.json, model.safetensors"
    return f"Put the files of {kind.repository} ({files}, {kind.size}) into {root}/{name} and press R."


def _best(folders: Sequence[ModelFolder], offered: Callable[[Kind], bool]) -> str:
    """Ordered by how precise the masks are; boxes without outlines come last. "" when there is nothing."""
    order = (SAM3, GROUNDING_DINO, FLORENCE2, CLIPSEG)
    if outliner_in(folders, offered) is None:
        order = (SAM3, FLORENCE2, CLIPSEG, GROUNDING_DINO)
    whole = (kind for kind in order if _whole(folders, kind) and offered(kind))
    return next((_engine_of(kind) for kind in whole), "")


def _passed_over(folders: Sequence[ModelFolder], offered: Callable[[Kind], bool]) -> tuple[str, ...]:
    return tuple(
        f"{folder.name} was passed over, because {folder.kind.name} needs transformers {folder.kind.since} or newer."
        for folder in folders
        if not offered(folder.kind)
    )


def _nothing_found(folders: Sequence[ModelFolder], root: str) -> str:
    there = [text for folder in folders if (text := what_is_missing(folder))]
    start = " ".join(there) or "There is no model folder to find things with."
    return f"{start} Nothing is downloaded by itself. The smallest start: {how_to_get(CLIPSEG, root)}"


def _engine_of(kind: Kind) -> str:
    reader = GROUNDING_DINO if kind in OUTLINERS else kind
    return next(engine for engine, one in ENGINES.items() if one is reader)


def _whole(folders: Sequence[ModelFolder], kind: Kind) -> bool:
    return any(folder.kind is kind and not what_is_missing(folder) for folder in folders)


def _usable(folders: Sequence[ModelFolder], kind: Kind) -> ModelFolder | None:
    """The first whole folder of a kind; else one that lacks something, so that loading it says what."""
    of_kind = [folder for folder in folders if folder.kind is kind]
    return next((folder for folder in of_kind if not what_is_missing(folder)), of_kind[0] if of_kind else None)


def _with_config(root: Path, depth: int) -> Iterator[Path]:
    try:
        below = sorted(entry for entry in root.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    except OSError:
        return
    for folder in below:
        if (folder / "config.json").is_file():
            yield folder
        elif depth > 1:
            yield from _with_config(folder, depth - 1)


def _kind_in(folder: Path) -> Kind | None:
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return kind_of(config.get("model_type")) if isinstance(config, dict) else None


def _named_in(index: Path) -> list[str]:
    """File names in an index of several weight files, without any folder they may name."""
    try:
        return sorted(
            {Path(str(name)).name for name in json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()}
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return []
