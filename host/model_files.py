"""The model files that a graph names, looked at without loading them."""

from __future__ import annotations

import functools
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..engine.memory.figures import FileInput, checkpoint_prefixes
from ..engine.memory.graph_sizes import FileUse, file_uses
from ..engine.memory.model_file import ModelFile, UnreadableModelFile, read_model_file
from ..engine.memory.usage import KINDS, OutputTypes, Source, is_used_later, later_nodes, sources_read_by

LOG = logging.getLogger(__name__)

FindFile = Callable[[str, str], str | None]
"""(kind of folder, name) to a path inside such a folder, or None: folder_paths.get_full_path. Raises KeyError for a
kind of folder that this ComfyUI does not have."""


def files_of(graph: Mapping[str, Any], find: FindFile) -> list[tuple[FileUse, ModelFile | None]]:
    """What each model file of the graph says of itself; None for one that is not there or cannot be read."""
    known: dict[tuple[str, FileInput], ModelFile | None] = {}
    for use in (uses := file_uses(graph)):
        if (use.name, use.input) not in known:
            known[use.name, use.input] = _file(use, find)
    return [(use, known[use.name, use.input]) for use in uses]


def used_later_by(
    graph: Mapping[str, Any],
    node_id: str,
    files: Sequence[tuple[FileUse, ModelFile | None]],
    output_types: OutputTypes,
) -> Callable[[str, int], bool]:
    """By kind and count of numbers, whether a node behind `node_id` reads that model. In doubt it does."""
    used = sources_read_by(graph, later_nodes(graph, node_id), output_types)
    unused = sources_read_by(graph, graph, output_types) - used
    counts: Counter[Source] = Counter()  # a loader of two text encoders makes one CLIP of two files
    for use, file in files:
        for kind in KINDS if use.input.kind == "CHECKPOINT" else (use.input.kind,):
            counts[Source(use.node, kind)] += _elements(file, kind)
    return lambda kind, elements: is_used_later(kind, elements, used, unused, counts)


def _elements(file: ModelFile | None, kind: str) -> int:
    part = file.part(kind) if file is not None else None
    return part.elements if part is not None else 0


def _file(use: FileUse, find: FindFile) -> ModelFile | None:
    for folder in use.input.folders:
        try:
            path = find(folder, use.name)
        except KeyError:
            continue
        if path is not None:
            return _looked_at(Path(path), use.name, use.input.kind == "CHECKPOINT")
    return None


def _looked_at(path: Path, name: str, full: bool) -> ModelFile | None:
    try:
        state = path.stat()
        return _read(path, name, full, state.st_mtime_ns, state.st_size)
    except (OSError, UnreadableModelFile) as problem:
        LOG.info("Imitatoes: the size of %s is not known: %s", name, problem)
        return None


@functools.lru_cache(maxsize=64)
def _read(path: Path, name: str, full: bool, _changed: int, _size: int) -> ModelFile:
    return read_model_file(path, name, checkpoint_prefixes() if full else None)
