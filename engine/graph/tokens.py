"""Filling placeholders in a graph: `__PROMPT__` and its kin, and `{{NAME}}` for anything else.

An input that is nothing but a token takes the value with its type, so a number stays a number; inside a longer text the
value is written out. The graph is parsed JSON, so quotes in a prompt need no care.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..settings import MAX_SEED, draw_seed
from .model import Graph, clean_copy, inputs_of

KNOWN = ("PROMPT", "NEG", "CFG", "STEPS", "SEED")
"""Tokens that may be written with underscores. Others between underscores are left alone: wildcards look like that."""
DRAWN = (None, -1, "-1")
"""What given for SEED asks for a random one."""
TOKEN = re.compile(r"__(?P<known>PROMPT|NEG|CFG|STEPS|SEED)__|\{\{\s*(?P<name>[A-Za-z][A-Za-z0-9_]*)\s*\}\}")


LONGEST_NUMBER = 100
"""Characters of a number."""
MOST_FILLED = 16 * 2**20
"""Characters that all values together may bring into a graph: as many as a request may have bytes."""


class TokenError(ValueError):
    """A token has no value, a value has no token, or its type does not fit. The message names all of them."""


class TokensTooLarge(TokenError):
    """The values would make the graph larger than any that may be sent. The message says how large."""


def fill(graph: Graph, values: Mapping[str, Any]) -> Graph:
    """A copy with every token replaced. values: by token name, in any case: {"PROMPT": "a fox", "steps": 20}.

    A token is one only where values are given: without any, every text stays as it is, and with some, a {{NAME}} that
    none is for stays in a longer text. SEED null or -1 draws a seed; else null is no value. Raises TokenError naming
    the tokens without a value that stand alone or between underscores, values without a token, names given twice, and
    values of a wrong type: SEED and STEPS are whole numbers, CFG is a number, PROMPT and NEG are texts. Raises
    TokensTooLarge for more than MOST_FILLED characters.
    """
    if not values:
        return clean_copy(graph)
    given = _by_name(values)
    wanted = tokens(graph)
    problems = [f"{name} has no value" for name in _surely(graph) if given.get(name) is None]
    problems += [f"{name} has no value" for name in given if name in wanted and given[name] is None]
    problems += [f"{name} is not in the graph" for name in given if name not in wanted]
    typed = {}
    for name in wanted:
        if given.get(name) is not None:
            try:
                typed[name] = _typed(name, given[name])
            except ValueError as problem:
                problems.append(str(problem))
    if problems:
        raise TokenError(
            f"The workflow's tokens and the values do not fit: {'; '.join(dict.fromkeys(problems))}. "
            f"Tokens of this workflow: {', '.join(wanted) or 'none'}."
        )
    characters = sum(len(str(typed.get(_name(match), ""))) for match in _matches(graph))
    if characters > MOST_FILLED:
        raise TokensTooLarge(
            f"With its tokens filled the workflow would grow by {characters} characters; {MOST_FILLED} are allowed"
        )
    filled = clean_copy(graph)
    for node in filled.values():
        inputs = node.get("inputs") if isinstance(node, dict) else None
        if isinstance(inputs, dict):
            node["inputs"] = {name: _filled(value, typed) for name, value in inputs.items()}
    return filled


def tokens(graph: Graph) -> list[str]:
    """Names of the tokens in a graph's inputs, in order, each once."""
    return list(dict.fromkeys(map(_name, _matches(graph))))


def _matches(graph: Graph) -> Iterator[re.Match[str]]:
    texts = (text for node in graph.values() for value in inputs_of(node).values() for text in _texts(value))
    return (match for text in texts for match in TOKEN.finditer(text))


def _by_name(values: Mapping[str, Any]) -> dict[str, Any]:
    by_name: dict[str, Any] = {}
    for name, value in values.items():
        if name.upper() in by_name:
            raise TokenError(f"{name.upper()} is given twice, in two spellings. Give it once.")
        by_name[name.upper()] = draw_seed() if name.upper() == "SEED" and value in DRAWN else value
    return by_name


def _surely(graph: Graph) -> Iterator[str]:
    """Names of the tokens that are no words of a prompt: an input that is nothing else, and those in underscores."""
    for match in _matches(graph):
        if match["known"] or match.group(0) == match.string.strip():
            yield _name(match)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)


def _name(match: re.Match[str]) -> str:
    return (match["known"] or match["name"]).upper()


def _filled(value: Any, typed: Mapping[str, Any]) -> Any:
    """The value with its tokens replaced, once: what a value brings in is not searched again."""
    if isinstance(value, list):
        return [_filled(part, typed) for part in value]
    if isinstance(value, dict):
        return {name: _filled(part, typed) for name, part in value.items()}
    if not isinstance(value, str):
        return value
    whole = TOKEN.fullmatch(value.strip())
    if whole:
        return typed[_name(whole)]
    return TOKEN.sub(lambda match: str(typed.get(_name(match), match.group(0))), value)


def _typed(name: str, value: Any) -> Any:
    if isinstance(value, (list, dict)):
        raise ValueError(f"{name} must be a text, a number, or true or false")
    if name in ("SEED", "STEPS"):
        low = 0 if name == "SEED" else 1
        number = _number(value)
        if number is None or number != int(number) or not low <= number <= MAX_SEED or _has_fraction(value):
            raise ValueError(f"{name} must be a whole number of {low} or more, not {_shown(value)}")
        return int(number)
    if name == "CFG":
        number = _number(value)
        if number is None or not 0 <= number <= 100:
            raise ValueError(f"{name} must be a number from 0 to 100, not {_shown(value)}")
        return number
    if name in ("PROMPT", "NEG") and not isinstance(value, str):
        raise ValueError(f"{name} must be a text")
    return value


def _number(value: Any) -> int | float | None:
    """The finite number that a value is or writes; None where it is none."""
    if isinstance(value, str) and len(value) <= LONGEST_NUMBER:
        for read in (int, float):
            try:
                value = read(value)
                break
            except ValueError:
                continue
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return value if isinstance(value, int) or math.isfinite(value) else None


def _has_fraction(value: Any) -> bool:
    """Whether a text writes a whole number with a point or an exponent, as no seed is written."""
    return isinstance(value, str) and not value.strip().lstrip("+-").isdecimal()


def _shown(value: Any) -> str:
    """A value in a message. Numbers of thousands of digits cannot be written out at all."""
    if isinstance(value, int) and value.bit_length() > 8 * LONGEST_NUMBER:
        return "a number of hundreds of digits"
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= LONGEST_NUMBER else f"{text[:LONGEST_NUMBER]}..."
