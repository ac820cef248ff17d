"""`<lora:name:0.8>`: a LoRA named inside a text, as other programs write it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from .catalogue import MOST_STRENGTH

MOST_TAGS = 4
_TAG = re.compile(r"<\s*(?:lora|lyco)\s*:([^<>]*)>", re.IGNORECASE)


@dataclass(frozen=True)
class LoraTag:
    """strengths: (model, CLIP) as written; None where the tag has none."""

    name: str
    strengths: tuple[float, float] | None


def without_tags(text: str) -> tuple[str, list[LoraTag]]:
    """The text without its tags, and the tags in order. Raises ValueError for a tag that cannot be read."""
    tags = [_read(match) for match in _TAG.finditer(text)]
    if len(tags) > MOST_TAGS:
        raise ValueError(f"has {len(tags)} <lora:...> tags; at most {MOST_TAGS} are applied. Take some away.")
    if not tags:
        return text, []
    bare = re.sub(r"[ \t]{2,}", " ", _TAG.sub("", text))
    return re.sub(r"(?:[ \t]*,){2,}", ",", bare).strip(" \t,"), tags


def _read(match: re.Match[str]) -> LoraTag:
    name, *numbers = (part.strip() for part in match[1].split(":"))
    if not name or len(numbers) > 2:
        raise ValueError(f"has {match[0][:80]}, which is not a LoRA tag. Write it as <lora:name:0.8>.")
    strengths = [_strength(number, match[0]) for number in numbers]
    return LoraTag(name, (strengths[0], strengths[-1]) if strengths else None)


def _strength(number: str, tag: str) -> float:
    try:
        value = float(number)
    except ValueError:
        value = math.nan
    if not -MOST_STRENGTH <= value <= MOST_STRENGTH:
        raise ValueError(
            f"has {tag[:80]}: '{number[:20]}' is not a strength from -4 to 4. Write it as <lora:name:0.8>."
        )
    return value
