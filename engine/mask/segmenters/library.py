"""transformers, imported only when a model is needed, and its failures in words."""

from __future__ import annotations

from typing import Any

from .failures import SegmenterUnavailable
from .kinds import Kind


def transformers() -> Any:
    """The library. Raises SegmenterUnavailable."""
    try:
        import transformers as library
    except Exception as problem:
        raise SegmenterUnavailable(_unusable(problem)) from problem
    return library


def offers(kind: Kind) -> bool:
    """Whether the installed transformers knows this kind of model. Raises SegmenterUnavailable if it is broken."""
    return _class_of(kind) is not None


def model_class(kind: Kind) -> Any:
    """The kind's class. Raises SegmenterUnavailable, naming the version needed and the one there is."""
    found = _class_of(kind)
    if found is None:
        raise SegmenterUnavailable(too_old(kind))
    return found


def too_old(kind: Kind) -> str:
    return (
        f"{kind.name} needs transformers {kind.since} or newer, you have {transformers().__version__}. "
        "Update it in ComfyUI's Python with: pip install --upgrade transformers"
    )


def _class_of(kind: Kind) -> Any | None:
    library = transformers()
    try:
        # transformers imports a model's file at this moment, and with it torchvision.
        return getattr(library, kind.model_class, None)
    except Exception as problem:
        raise SegmenterUnavailable(_unusable(problem)) from problem


def _unusable(problem: Exception) -> str:
    chain, link = "", problem
    while link is not None:
        chain += f" {link}"
        link = link.__cause__ or link.__context__
    if "torchvision" in chain:
        return (
            "transformers cannot load its models, because torchvision does not match torch. Reinstall torch and "
            "torchvision together, in ComfyUI's Python, then restart ComfyUI."
        )
    said = " ".join(str(problem).split())[:200]
    return f"transformers does not work in ComfyUI's Python ({said}). Reinstall it, then restart ComfyUI."
