"""From a wish to one installed file, or to the reason why there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from .families import may_fit
from .fit import Fit, Verdict
from .installed import LoraFile
from .matching import EXACT, Match, leading, match_name, match_prompt, match_style, nearest
from .style_options import LoraRequest

Check = Callable[[LoraFile], Fit]
"""Whether a file fits the model at hand."""

MOST_CHECKED = 6
"""Of files that match alike, so many are compared with the model to find the one that fits."""


class NotChosen(Exception):
    """The message says why no file was chosen, and what there is instead."""


@dataclass(frozen=True)
class Shelf:
    """All files. family: the model's; "" unknown. check: see Check. min_match: score below which a name is no match."""

    files: Sequence[LoraFile]
    family: str
    check: Check
    min_match: float

    @property
    def readable(self) -> list[LoraFile]:
        return [file for file in self.files if not file.problem]

    @property
    def usable(self) -> list[LoraFile]:
        """Files that can be read and whose family may be the model's."""
        return [file for file in self.readable if may_fit(file.family, self.family)]


def choose_lora(wish: LoraRequest, shelf: Shelf) -> Match:
    """The file that is meant. Raises NotChosen."""
    if wish.path:
        return _at(wish.path, shelf)
    # Somebody who writes a file's whole name wants that file, whatever its family: the fit check will tell.
    exact = [match for match in match_name(wish.asked, shelf.files) if match.score == EXACT]
    if exact and (wish.style is None or wish.asked.casefold() != wish.style.name.casefold()):
        return _readable(_one(exact, shelf))
    if wish.style is not None:
        return _of_style(wish, shelf)
    for files in (shelf.usable, shelf.readable):
        matches = match_name(wish.asked, files)
        if matches and matches[0].score >= shelf.min_match:
            return _one(leading(matches), shelf)
    said = f'"{wish.asked[:80]}" is no known style{wish.hint}, and no LoRA by that name is installed'
    raise NotChosen(_missing(said, wish.asked, shelf))


def choose_by_prompt(prompt: str, shelf: Shelf) -> tuple[Match | None, str]:
    """A file that the prompt names though no style does; None and a sentence where there is none, or several."""
    matches = match_prompt(prompt, shelf.usable)
    if not matches:
        return None, ""
    if matches[0].score < shelf.min_match:
        near = matches[0]
        return (
            None,
            f"Nearest LoRA: {near.file.short}, because {near.why}; its score {near.score:.2f} is below min_match.",
        )
    try:
        return _one(leading(matches), shelf), ""
    except NotChosen as problem:
        return None, str(problem)


def _at(path: str, shelf: Shelf) -> Match:
    name = path.replace("\\", "/")
    for file in shelf.files:
        if file.name == name:
            return _readable(Match(file, EXACT, "you chose it"))
    raise NotChosen(_missing(f'"{path[:80]}" is not in the loras folder', path, shelf))


def _readable(match: Match) -> Match:
    if match.file.problem:
        raise NotChosen(f"{match.file.name} cannot be used: {match.file.problem}")
    return match


def _of_style(wish: LoraRequest, shelf: Shelf) -> Match:
    style = wish.style
    matches = match_style(style, shelf.usable)
    if matches:
        group = leading(matches)
        if not shelf.family and style.family:
            group = [match for match in group if match.file.family.startswith(style.family)] or group
        return _one(group, shelf)
    others = [match.file for match in match_style(style, shelf.files)]
    said = f"No LoRA for {style.name} is installed"
    if others:
        there = _listed(_with_reason(file) for file in others)
        said += f" that can go with {shelf.family or 'this model'} (there is {there})"
    said = _missing(said, style.name, shelf)
    raise NotChosen(
        f"{said} To add one, put a file whose name fits one of {', '.join(style.files[:3])} into the loras folder, or "
        "name your file in styles.json (see the node's help)."
    )


def _with_reason(file: LoraFile) -> str:
    return f"{file.short}: damaged" if file.problem else f"{file.short}: {file.family}"


def _one(group: Sequence[Match], shelf: Shelf) -> Match:
    """The only one of a group, or the only one that fits the model. Raises NotChosen for a tie."""
    if len(group) == 1:
        return group[0]
    same_family = [match for match in group if shelf.family and match.file.family == shelf.family]
    left = same_family or group
    if 1 < len(left) <= MOST_CHECKED:
        left = [match for match in left if shelf.check(match.file).verdict is not Verdict.REFUSE] or left
    if len(left) == 1:
        return left[0]
    raise NotChosen(
        f"Several LoRAs match alike: {_listed(match.file.short for match in left)}. "
        "Write one of these names in style, or choose it in lora_name with mode 'fixed file'."
    )


def _missing(said: str, name: str, shelf: Shelf) -> str:
    near = nearest(name, shelf.usable)
    if not near:
        whose = f" for {shelf.family}" if shelf.family and shelf.files else ""
        return f"{said}. There is no usable LoRA{whose} in the loras folder."
    return f"{said}. Nearest installed: {', '.join(near)}."


def _listed(names: Iterable[str], most: int = 6) -> str:
    every = list(names)
    return ", ".join(every[:most]) + (f" and {len(every) - most} more" if len(every) > most else "")
