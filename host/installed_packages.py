"""Python packages that users may have installed: whether they are there, found out without importing them, and what is
said when one fails."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import util
from pathlib import Path

from ..engine.judge.detector import DetectorFailed

LOG = logging.getLogger(__name__)


def carries(package: str, patterns: Sequence[str]) -> bool:
    """Whether a package is installed together with a file for each of the patterns, such as "models/*_det_*.onnx"."""
    try:
        spec = util.find_spec(package)
    except (ImportError, ValueError):
        return False
    if spec is None or not spec.submodule_search_locations:
        return False
    roots = [Path(root) for root in spec.submodule_search_locations]
    return all(any(next(root.glob(pattern), None) for root in roots) for pattern in patterns)


@contextmanager
def told_in_words(name: str, work: str) -> Iterator[None]:
    """Whatever a package raises at its work ("read the picture") becomes DetectorFailed, which says what to do."""
    try:
        yield
    except Exception as problem:
        LOG.warning("Imitatoes: %s could not %s", name, work, exc_info=True)
        raise DetectorFailed(
            f"{name} could not {work} ({type(problem).__name__}). Reinstall it in ComfyUI's Python, "
            'or switch it off with "exact_evidence": false in settings.json.'
        ) from problem
