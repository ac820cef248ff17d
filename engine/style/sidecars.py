"""What other programs keep beside a LoRA file: trigger words, model, strength. Read, never written.

Files of LORA, for a LoRA file LORA.safetensors, best first, because a user's own notes come before what a site says:
LORA.json (Stable Diffusion web UI), LORA.metadata.json (LoRA Manager), LORA.civitai.info (Civitai Helper),
LORA.safetensors.rgthree-info.json, and LORA.txt, whose first line is taken for trigger words.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..judge.words import one_line
from .catalogue import MOST_STRENGTH

MOST_BYTES = 1_000_000
MOST_TRIGGER = 200
_TAG = re.compile(r"<[^<>]*>")


@dataclass(frozen=True)
class Notes:
    """About one LoRA. triggers: texts for the prompt, best first. base: its model, as written. "" is nothing."""

    triggers: tuple[str, ...] = ()
    strength: float | None = None
    title: str = ""
    base: str = ""
    problem: str = ""


def sidecar_paths(lora: Path) -> list[Path]:
    """Where sidecars of a LoRA file would be, best first."""
    stem = lora.with_suffix("")
    names = [f"{stem.name}{ending}" for ending in (".json", ".metadata.json", ".civitai.info")]
    return [lora.with_name(name) for name in (*names, f"{lora.name}.rgthree-info.json", f"{stem.name}.txt")]


def read_sidecar(path: Path) -> Notes:
    """What one sidecar says. A damaged one says nothing but its problem."""
    try:
        if path.stat().st_size > MOST_BYTES:
            return Notes(problem=f"{path.name} is larger than 1 MB and is not used")
        text = path.read_text(encoding="utf-8-sig")
        if path.suffix == ".txt":
            return Notes(triggers=clean_triggers(text.splitlines()[:1]))
        entries = json.loads(text)
    except (OSError, ValueError, RecursionError) as problem:
        said = f"line {problem.lineno}: not valid JSON" if isinstance(problem, json.JSONDecodeError) else str(problem)
        return Notes(problem=f"{path.name} cannot be read and is not used ({said})")
    if not isinstance(entries, dict):
        return Notes(problem=f"{path.name} is not used: it is not a JSON object")
    return next(read for ending, read in _READERS if path.name.endswith(ending))(entries)


def together(every: Iterable[Notes]) -> Notes:
    """Several sidecars as one: of each kind of word the first that there is."""
    notes = list(every)
    return Notes(
        triggers=next((one.triggers for one in notes if one.triggers), ()),
        strength=next((one.strength for one in notes if one.strength is not None), None),
        title=next((one.title for one in notes if one.title), ""),
        base=next((one.base for one in notes if one.base), ""),
        problem="; ".join(one.problem for one in notes if one.problem),
    )


def clean_triggers(values: Any) -> tuple[str, ...]:
    """Texts that may go into a prompt: one line each, without LoRA tags, at most 200 characters."""
    texts = (_TAG.sub(" ", value) for value in _list(values) if isinstance(value, str))
    lines = (one_line(text).strip(" ,") for text in texts)
    return tuple(dict.fromkeys(line for line in lines if 0 < len(line) <= MOST_TRIGGER))


def _web_ui(entries: Mapping[str, Any]) -> Notes:
    return Notes(
        triggers=clean_triggers([entries.get("activation text")]),
        strength=_strength(entries.get("preferred weight")),
        base=_text(entries.get("sd version")),
    )


def _lora_manager(entries: Mapping[str, Any]) -> Notes:
    site = _mapping(entries.get("civitai"))
    tips = entries.get("usage_tips")
    try:
        tips = json.loads(tips) if isinstance(tips, str) else tips
    except (ValueError, RecursionError):
        tips = None
    return Notes(
        triggers=clean_triggers(site.get("trainedWords")),
        strength=_strength(_mapping(tips).get("strength")),
        title=_text(entries.get("model_name")),
        base=_text(entries.get("base_model")) or _text(site.get("baseModel")),
    )


def _civitai(entries: Mapping[str, Any]) -> Notes:
    return Notes(
        triggers=clean_triggers(entries.get("trainedWords")),
        title=_text(_mapping(entries.get("model")).get("name")),
        base=_text(entries.get("baseModel")),
    )


def _rgthree(entries: Mapping[str, Any]) -> Notes:
    trained = [one.get("word") if isinstance(one, dict) else one for one in _list(entries.get("trainedWords"))]
    return Notes(
        triggers=clean_triggers(trained),
        strength=_strength(entries.get("strengthDefault")),
        title=_text(entries.get("name")),
        base=_text(entries.get("baseModel")),
    )


_READERS: tuple[tuple[str, Callable[[Mapping[str, Any]], Notes]], ...] = (
    (".metadata.json", _lora_manager),
    (".rgthree-info.json", _rgthree),
    (".civitai.info", _civitai),
    (".json", _web_ui),
)


def _strength(value: Any) -> float | None:
    """A strength within -4 to 4; None for anything else, and for 0, which those programs write for "not set"."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if value != 0 and -MOST_STRENGTH <= value <= MOST_STRENGTH else None


def _text(value: Any) -> str:
    return one_line(value)[:MOST_TRIGGER] if isinstance(value, str) else ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
