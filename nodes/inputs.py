"""What of our nodes' schemas differs with ComfyUI's version."""

from __future__ import annotations

import inspect
from typing import Any, TypeVar

from comfy_api.latest import io

from ..engine.graph.edit_templates import repair_choices
from ..engine.settings import VARIES

AnyInput = TypeVar("AnyInput", io.Int.Input, io.Float.Input, io.Combo.Input)


def search_words(words: str) -> dict[str, list[str]]:
    """By what else the page's search finds a node, for its schema; nothing where this ComfyUI does not know that.

    words: with a comma and a blank between them.
    """
    return {"search_aliases": words.split(", ")} if "search_aliases" in io.Schema.__dataclass_fields__ else {}


def advanced(kind: type[AnyInput], name: str, **options: Any) -> AnyInput:
    """An input that the page keeps folded away, where its version can."""
    known = "advanced" in inspect.signature(kind.__init__).parameters
    return kind(name, **options, **({"advanced": True} if known else {}))


def later_inputs() -> list[io.Int.Input | io.Float.Input | io.Combo.Input]:
    """Of SelfImprovingPrompt: what ends a run besides its renders, and what it may change. They came later, so they
    stand last."""
    return [
        advanced(
            io.Int.Input,
            "paid_renders",
            default=0,
            min=0,
            max=10000,
            optional=True,
            tooltip=(
                "Of a workflow with nodes that cost money: how many renders of a run may be paid for. "
                "0 = none, such a workflow is refused before it runs."
            ),
        ),
        advanced(
            io.Float.Input,
            "confidence",
            default=0.95,
            min=0.5,
            max=0.999,
            step=0.01,
            optional=True,
            tooltip=(
                "How sure the loop must be that a picture meets everything before it ends as done. "
                "Higher: fewer wrong endings, more renders."
            ),
        ),
        advanced(
            io.Float.Input,
            "minutes",
            default=0.0,
            min=0.0,
            max=100000.0,
            step=1.0,
            optional=True,
            tooltip=(
                "The run ends before a render that would go beyond so many minutes of rendering and judging. "
                "0 = no limit."
            ),
        ),
        advanced(
            io.Int.Input,
            "repairs",
            default=-1,
            min=-1,
            max=20,
            optional=True,
            tooltip=(
                "How many pictures of a run may be repaired in place: one region is painted anew and the rest kept. "
                "-1 = automatic, half of the renders at most. 0 = never."
            ),
        ),
        advanced(
            io.Combo.Input,
            "vary",
            options=list(VARIES),
            default="everything",
            optional=True,
            tooltip=(
                "What the loop may change. everything: words, seed, steps and cfg. "
                "seed: only the seed, so the run is the best of many seeds of your own prompt."
            ),
        ),
        advanced(
            io.Combo.Input,
            "repair_with",
            options=list(repair_choices()),
            default="auto",
            optional=True,
            tooltip=(
                "What repairs pictures in place. auto: your workflow's own model, or where that cannot, an installed "
                "model for editing. off: your workflow alone. A name: always that model."
            ),
        ),
    ]
