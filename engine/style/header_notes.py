"""What a LoRA's own header says about it: title, trigger words, model."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from .families import family_written
from .phrases import phrase
from .sidecars import Notes, clean_triggers

MOST_IMAGES_HAVE_IT = 0.8
"""Share of the training pictures that a tag must be on to be taken for a trigger word (docs/design-notes.md, 11.3)."""

MOST_COUNTED = 10**12

GENERIC = frozenset(
    "1boy, 1girl, 2girls, absurdres, artist, best quality, boy, close-up, cowboy shot, detailed, face, female, "
    "full body, girl, high quality, highres, illustration, image, long hair, looking at viewer, lora, male, man, "
    "masterpiece, one person, painting, person, photo, photograph, picture, portrait, short hair, simple background, "
    "smile, solo, standing, style, upper body, white background, woman".split(", ")
)
"""Words that thousands of LoRAs were trained with: they say nothing about one."""


def distinctive_phrases(texts: Iterable[str], without: frozenset[str] = GENERIC) -> tuple[str, ...]:
    """The phrases between the commas of some texts, in order, each once, without the generic ones."""
    different: dict[tuple[str, ...], str] = {}
    for part in (part.strip() for text in texts for part in text.split(",")):
        if phrase(part) and part.casefold() not in without:
            different.setdefault(phrase(part), part)
    return tuple(different.values())


def notes_of(metadata: Mapping[str, str]) -> Notes:
    """triggers: of modelspec.trigger_phrase alone, which somebody wrote to be used."""
    return Notes(
        triggers=clean_triggers([metadata.get("modelspec.trigger_phrase")]),
        title=(metadata.get("modelspec.title") or metadata.get("ss_output_name") or "")[:200],
    )


def written_family(metadata: Mapping[str, str]) -> str:
    """The family that the metadata names; "" where it names none that is known."""
    fields = ("modelspec.architecture", "ss_base_model_version")
    return next(filter(None, (family_written(metadata.get(name, "")) for name in fields)), "")


def guessed_triggers(metadata: Mapping[str, str]) -> tuple[str, ...]:
    """Words that the LoRA was trained with and that may wake it: class tokens, and tags on nearly all its pictures."""
    datasets = _json(metadata.get("ss_datasets"))
    tokens = [
        subset.get("class_tokens")
        for dataset in _list(datasets)
        for subset in _list(_mapping(dataset).get("subsets"))
        if isinstance(subset, dict)
    ]
    return clean_triggers([*tokens, *_frequent_tags(metadata)])


def _frequent_tags(metadata: Mapping[str, str]) -> list[str]:
    folders = [_mapping(one) for one in _mapping(_json(metadata.get("ss_dataset_dirs"))).values()]
    images = sum(_count(folder.get("img_count")) for folder in folders)
    counts: dict[str, int] = {}
    for folder in _mapping(_json(metadata.get("ss_tag_frequency"))).values():
        for tag, count in _mapping(folder).items():
            counts[tag.strip()] = counts.get(tag.strip(), 0) + _count(count)
    often = [tag for tag, count in counts.items() if images and count >= images * MOST_IMAGES_HAVE_IT]
    return sorted((tag for tag in often if tag.casefold() not in GENERIC), key=lambda tag: -counts[tag])


def _json(text: str | None) -> Any:
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _count(value: Any) -> int:
    """How often something was counted; 0 for what is no such number."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < MOST_COUNTED else 0
