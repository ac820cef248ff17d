"""Which style a prompt asks for, by whole words and phrases. Rather none than a wrong one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .catalogue import Style
from .phrases import find, negated, phrase, words

TIE = 0.9
"""A runner-up with this share of the best score makes a tie: then nothing is chosen (docs/design-notes.md, 11.3)."""


@dataclass(frozen=True)
class Sign:
    """A style with what the prompt says of it, in the prompt's own words. weight: how many words that is."""

    style: Style
    said: tuple[str, ...]
    weight: int

    @property
    def quoted(self) -> str:
        return " and ".join(f'"{one}"' for one in self.said)


@dataclass(frozen=True)
class StyleDetection:
    """chosen: the style, None when there is none or a tie. signs: all styles found, strongest first."""

    chosen: Style | None
    signs: tuple[Sign, ...]
    reason: str


def detect(prompt: str, styles: Iterable[Style]) -> StyleDetection:
    """The style with the most words of its own in the prompt. Within one place the longest phrase counts alone."""
    signs = _signs(prompt, list(styles))
    if not signs:
        return StyleDetection(None, (), "No style: the prompt has none of the words of a known style.")
    best, others = signs[0], signs[1:]
    if others and others[0].weight >= best.weight * TIE:
        tied = [sign for sign in signs if sign.weight >= best.weight * TIE]
        listed = ", ".join(f"{sign.style.name} ({sign.quoted})" for sign in tied)
        return StyleDetection(
            None, signs, f"No style chosen: the prompt asks for several alike: {listed}. Write one of them in style."
        )
    reason = f"Style: {best.style.name}, because the prompt says {best.quoted}."
    if others:
        reason += " Weaker: " + ", ".join(f"{sign.style.name} ({sign.quoted})" for sign in others) + "."
    return StyleDetection(best.style, signs, reason)


def _signs(prompt: str, styles: Sequence[Style]) -> tuple[Sign, ...]:
    # A phrase that means something else stands in the list without a style: where it wins, nothing is found.
    phrases: dict[tuple[str, ...], int | None] = {
        phrase(text): number for number, style in reversed([*enumerate(styles)]) for text in style.words
    }
    phrases |= {phrase(text): None for style in styles for text in style.not_words}
    phrases.pop((), None)
    here = words(prompt)
    said: dict[int, dict[tuple[str, ...], str]] = {}
    for found in find(prompt, phrases):
        if found.label is not None and not negated(prompt, here, found):
            said.setdefault(found.label, {})[phrase(found.said)] = found.said
    signs = [Sign(styles[number], tuple(texts.values()), sum(map(len, texts))) for number, texts in said.items()]
    return tuple(sorted(signs, key=lambda sign: (-sign.weight, sign.style.order, sign.style.name)))
