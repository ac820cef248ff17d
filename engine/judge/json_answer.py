"""Reading a model's answer: strict first, then repair of what is only badly written. A verdict is never invented."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from .vision_model import AnswerUnusable

MAX_CHARACTERS = 65_536
MAX_BRACKETS = 400
"""A flood of brackets costs a parser seconds, and no verdict has that many."""

_OPENING = re.compile(r"[\[{]")
_THOUGHT_TAG = re.compile(r"<(/?)(?:think|thinking)>", re.IGNORECASE)
_QUOTED = {
    '"': r'"(?:[^"\\]|\\.)*(?P<double>"?)',
    "'": r"'(?:[^'\\]|\\.)*(?P<single>'?)",
}
_OTHER = r"\b(?:True|False|None)\b|,(?=\s*[}\]])|[\[\]{}]"
_WORDS = {"True": "true", "False": "false", "None": "null", ",": ""}


def read_object(text: str) -> dict[str, Any]:
    """The one object that the model wrote.

    Accepted: one JSON object, alone or in a fence or in prose, with trailing commas, single quotes or Python's words
    put right. Two different objects, a list, a cut object or a key with two values are no answer.
    Raises AnswerUnusable, with a message that also helps the model when it is asked again.
    """
    text = text.strip()
    if not text:
        raise AnswerUnusable("The model's answer is empty.")
    if len(text) > MAX_CHARACTERS:
        raise AnswerUnusable("The model's answer is far too long. Use another judge model.")
    if text.count("{") + text.count("[") > MAX_BRACKETS:
        raise AnswerUnusable("The model's answer is not one sensible JSON object.")
    try:
        found = _strict(text)
        if found is _NOTHING:
            found = _only_object(without_thoughts(text))
    except RecursionError as problem:
        raise AnswerUnusable("The model's answer is not one sensible JSON object.") from problem
    if not isinstance(found, dict):
        raise AnswerUnusable("The model's answer is not one JSON object.")
    return found


class _Contradiction(ValueError):
    """The same key twice with different values: no way to tell which was meant."""


_NOTHING = object()


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read: dict[str, Any] = {}
    for key, value in pairs:
        if key in read and (type(read[key]), read[key]) != (type(value), value):
            raise _Contradiction(f'"{key}" appears twice with different values')
        read[key] = value
    return read


def _not_a_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a number")


# Not strict: models write raw line breaks inside strings.
_DECODER = json.JSONDecoder(strict=False, object_pairs_hook=_pairs, parse_constant=_not_a_number)


def _strict(text: str) -> Any:
    try:
        return _DECODER.decode(text)
    except _Contradiction as problem:
        raise AnswerUnusable(f"The model's answer contradicts itself: {problem}.") from problem
    except ValueError:
        return _NOTHING


def without_thoughts(text: str) -> str:
    """Without <think> sections. Templates often open the section themselves, so a lone closing tag ends one too."""
    kept, at, thinking = "", 0, False
    for tag in _THOUGHT_TAG.finditer(text):
        closing = bool(tag[1])
        if closing:
            kept, at = (kept if thinking else ""), tag.end()
        elif not thinking:
            kept += text[at : tag.start()] + " "
        thinking = not closing
    return kept if thinking else kept + text[at:]


def _only_object(text: str) -> Any:
    """The one object in a text, repaired where needed. Parts of a broken object are never taken for the whole."""
    found: list[Any] = []
    tokens = _Tokens(text)
    at = 0
    while opening := _OPENING.search(text, at):
        at, repaired = _span(tokens, opening.start())
        value = _strict(repaired)
        if isinstance(value, dict) or _holds_object(value):
            found.append(value)
    if not found:
        raise AnswerUnusable("The model's answer holds no JSON object.")
    if any(value != found[0] for value in found):
        raise AnswerUnusable("The model gave more than one answer.")
    return found[0]


def _holds_object(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(item, dict) for item in value)


class _Tokens:
    """Brackets, strings, Python's words and trailing commas of a text. A quote that nothing closes is none.

    Behind such a quote all others of its kind are open as well, so they are not looked at again: the work is in
    proportion to the text, whatever is in it.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._closing = "\"'"

    def after(self, start: int) -> Iterator[re.Match[str]]:
        at: int | None = start
        while at is not None:
            pattern = re.compile("|".join([*(_QUOTED[quote] for quote in self._closing), _OTHER]), re.DOTALL)
            begin, at = at, None
            for token in pattern.finditer(self.text, begin):
                if "" in token.groups():
                    self._closing = self._closing.replace(token[0][0], "")
                    at = token.start() + 1
                    break
                yield token


def _span(tokens: _Tokens, start: int) -> tuple[int, str]:
    """Where the bracket at `start` closes, and the part up to there written as proper JSON. Raises AnswerUnusable."""
    depth, out, at = 0, [], start
    for token in tokens.after(start):
        word = token[0]
        out.append(tokens.text[at : token.start()])
        at = token.end()
        if word in "{[":
            depth += 1
        elif word in "}]":
            depth -= 1
        out.append(_as_json(word))
        if depth == 0:
            return at, "".join(out)
    raise AnswerUnusable("The model's answer was cut off.")


def _as_json(word: str) -> str:
    if word[0] != "'":
        return _WORDS.get(word, word)
    inner = re.sub(r"\\.|\"", lambda m: {"\\'": "'", '"': '\\"'}.get(m[0], m[0]), word[1:-1], flags=re.DOTALL)
    return f'"{inner}"'
