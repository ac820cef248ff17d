"""What the page does to texts when it makes the API graph: dynamic prompts, and the patterns in file names. Pure.

As processDynamicPrompt, applyTextReplacements and formatDate of the frontend do it (read: 1.35.9, 1.49.6).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

Choose = Callable[[int], int]
"""Draws one of so many: a number from 0 below it."""

DEEPEST = 50
"""Alternatives inside each other; what lies deeper stays as it is."""
_COMMENT = re.compile(r"/\*[\s\S]*?\*/|//[^\n\r\u2028\u2029]*")
_ESCAPED = re.compile(r"\\([{}|])")
_PATTERN = re.compile(r"%([^%]+)%")
_DATE = re.compile(r"dd?|MM?|hh?|mm?|ss?|yyy?y?")
_NOT_IN_FILE_NAMES = re.compile(r'[/?<>\\:*|"\x00-\x1f\x7f]')


def is_dynamic(text: str) -> bool:
    """Whether the page would draw parts of it."""
    return "{" in _COMMENT.sub("", text)


def resolve_dynamic_prompt(text: str, choose: Choose, depth: int = 0) -> str:
    """The text without comments, and of each {one|other} one, drawn. A backslash keeps a brace or bar as it is."""
    text, result, at = _COMMENT.sub("", text), [], 0
    while at < len(text) and depth <= DEEPEST:
        sign = text[at]
        at += 1
        if sign == "\\":
            result.append(text[at - 1 : at + 1])
            at += 1
        elif sign == "{":
            options, at = _options(text, at)
            result.append(resolve_dynamic_prompt(options[choose(len(options))], choose, depth + 1))
        else:
            result.append(sign)
    return _ESCAPED.sub(r"\1", "".join(result) + text[at:])


def _options(text: str, at: int) -> tuple[list[str], int]:
    """The alternatives of a block whose brace stands before `at`, and where the text goes on behind it."""
    options, depth = [""], 0
    while at < len(text):
        sign = text[at]
        at += 1
        if sign == "\\":
            sign, at = text[at - 1 : at + 1], at + 1
        elif sign == "{":
            depth += 1
        elif sign == "}":
            if not depth:
                break
            depth -= 1
        elif sign == "|" and not depth:
            options.append("")
            continue
        options[-1] += sign
    return options, at


def fill_patterns(text: str, value_of: Callable[[str, str], str | None], now: datetime) -> str:
    """%date:yyyy-MM-dd% and %Node.widget% replaced; what is unknown stays.

    value_of: the value of a widget of the node that has this name, as text; None where there is no such thing.
    """

    def replacement(found: re.Match[str]) -> str:
        parts = found[1].split(".")
        if len(parts) != 2:
            return _date(parts[0][len("date:") :], now) if parts[0].startswith("date:") else found[0]
        value = value_of(*parts)
        return found[0] if value is None else _NOT_IN_FILE_NAMES.sub("_", value)

    return _PATTERN.sub(replacement, text)


def _date(pattern: str, now: datetime) -> str:
    numbers = {"d": now.day, "M": now.month, "h": now.hour, "m": now.minute, "s": now.second}

    def part(found: re.Match[str]) -> str:
        letters = found[0]
        if letters in ("yy", "yyyy"):
            return str(now.year)[-len(letters) :]
        return str(numbers[letters[0]]).rjust(len(letters), "0") if letters[0] in numbers else letters

    return _DATE.sub(part, pattern)
