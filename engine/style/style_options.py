"""From the widgets and the prompt to what is wanted, before anything is looked for among the files."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from .catalogue import Catalogue, Style
from .detection import detect
from .lora_tags import LoraTag, without_tags
from .phrases import phrase
from .request import BY_NAME, FIXED, NO_FILE, OFF, Refused, StyleRequest


@dataclass(frozen=True)
class LoraRequest:
    """One LoRA that is wanted.

    asked: what was written. input: where. reason: for the report. style: where a style is meant. path: where one very
    file is. strengths: (model, CLIP) where a tag says them. second: the weaker one on top. hint: the style that may be
    meant, for the message that there is none by that name.
    """

    asked: str
    input: str
    reason: str
    style: Style | None = None
    path: str = ""
    strengths: tuple[float, float] | None = None
    second: bool = False
    hint: str = ""


@dataclass(frozen=True)
class StyleOptions:
    """prompt: without its tags. search: no style is named, so the prompt may still name a LoRA. notes: sentences."""

    wishes: tuple[LoraRequest, ...]
    prompt: str
    search: bool = False
    notes: tuple[str, ...] = ()


def read_options(request: StyleRequest, catalogue: Catalogue) -> StyleOptions:
    """Raises Refused for a request that contradicts itself."""
    if request.mode == OFF:
        return StyleOptions((), request.prompt, notes=("Off: nothing is changed.",))
    prompt, tags = _tags(request.prompt, "prompt")
    first = _first(request, prompt, tags, catalogue)
    second = _named(request.second_style, "second_style", catalogue, second=True)
    return StyleOptions((*first.wishes, *second), prompt, first.search, first.notes)


def _first(request: StyleRequest, prompt: str, tags: list[LoraTag], catalogue: Catalogue) -> StyleOptions:
    tagged = tuple(_tagged(tag, "prompt") for tag in tags)
    if request.mode == FIXED:
        if request.lora_name in ("", NO_FILE):
            raise Refused("lora_name", "no file is chosen. Choose one from the list, or set mode to another value.")
        return StyleOptions((LoraRequest(request.lora_name, "lora_name", "", path=request.lora_name), *tagged), prompt)
    named = _named(request.style, "style", catalogue)
    if request.mode == BY_NAME and not named:
        raise Refused("style", "is empty. Write the name of a style or LoRA, or set mode to 'auto from prompt'.")
    if named or tagged:
        return StyleOptions((*named, *tagged), prompt)
    found = detect(prompt, catalogue.listed())
    if found.chosen is not None:
        return StyleOptions((LoraRequest(found.chosen.name, "prompt", found.reason, found.chosen),), prompt)
    return StyleOptions((), prompt, search=not found.signs, notes=(found.reason,))


def _named(text: str, input: str, catalogue: Catalogue, second: bool = False) -> tuple[LoraRequest, ...]:
    """What a style input asks for. "auto" there means the same as nothing, as in other nodes."""
    bare, tags = _tags(text, input)
    wishes = tuple(_tagged(tag, input, second) for tag in tags)
    if bare.strip() and bare.strip().casefold() != "auto":
        style = _style(bare, catalogue)
        reason = f"Style: {style.name}, from {input}." if style else f"LoRA by name, from {input}."
        hint = "" if style else _hint(bare, catalogue)
        wishes += (LoraRequest(bare.strip(), input, reason, style, second=second, hint=hint),)
    return wishes


def _style(name: str, catalogue: Catalogue) -> Style | None:
    """The style of that name, or the only one that has it among its words."""
    if named := catalogue.named(name):
        return named
    having = [
        style for style in catalogue.listed() if phrase(name) in {phrase(text) for text in (style.name, *style.words)}
    ]
    return having[0] if len(having) == 1 else None


def _hint(name: str, catalogue: Catalogue) -> str:
    near = difflib.get_close_matches(name.strip().casefold(), catalogue.styles, 1)
    return f" (did you mean {near[0]}?)" if near else ""


def _tagged(tag: LoraTag, input: str, second: bool = False) -> LoraRequest:
    return LoraRequest(tag.name, input, f"LoRA by its tag in {input}.", strengths=tag.strengths, second=second)


def _tags(text: str, input: str) -> tuple[str, list[LoraTag]]:
    try:
        return without_tags(text)
    except ValueError as problem:
        raise Refused(input, str(problem)) from problem
