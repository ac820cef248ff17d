"""Python packages that users may have installed, looked at without importing them."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import util
from pathlib import Path


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
