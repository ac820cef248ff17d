"""Which words of a goal the tutorial's judge does not know: it says so, rather than judge what it cannot see. Pure."""

from __future__ import annotations

from .vocabulary import (
    BACKGROUND,
    COLOUR_WORDS,
    COLOURS,
    COMPARING,
    COUNT_WORDS,
    EMPHASIS,
    NEGATION,
    PICTURE_WORDS,
    PLACE_WORDS,
    PLAIN,
    SHAPE_WORDS,
    SHAPES,
    VAGUE,
    VERTICAL,
    WORD_TOKEN,
    WRITTEN,
)

_GRAMMAR = frozenset(
    "the of to on in at with and or but is are be there that which it its them by side hand corner part half any all "
    "please show me draw paint make want i us we only word words sign text writing letters free than".split()
)
_KNOWN = frozenset().union(
    BACKGROUND,
    COLOUR_WORDS,
    COMPARING,
    COUNT_WORDS,
    EMPHASIS,
    NEGATION,
    PICTURE_WORDS,
    PLACE_WORDS,
    PLAIN,
    SHAPE_WORDS,
    VAGUE,
    VERTICAL,
    _GRAMMAR,
    (WORD_TOKEN,),
)
MOST_NAMED = 4

KNOWS = (
    f"It knows {', '.join(f'{shape}s' for shape in SHAPES)}; the colours {', '.join(COLOURS)}; how many, up to twelve; "
    "left of, right of, above, below; places such as top left; a background in one colour; "
    'and a word in quotes, such as the word "HELLO".'
)
OTHERWISE = "For anything else take a template with a real model and a judge in Ollama."


def unknown_words(text: str) -> list[str]:
    """In the order in which they stand there, each once, lower case. Words in quotes, to be written, count as known."""
    plain = WRITTEN.sub(" ", text).lower().replace("-", " ").replace("_", " ")
    words = "".join(c if c.isalnum() else " " for c in plain).split()
    return list(dict.fromkeys(word for word in words if word not in _KNOWN))


def why_not_judged(text: str) -> str:
    """What keeps this goal from being judged, as sentences for people; "" where nothing does."""
    unknown = unknown_words(text)
    if unknown:
        more = f" and {len(unknown) - MOST_NAMED} more" if len(unknown) > MOST_NAMED else ""
        named = ", ".join(f"'{word[:30]}'" for word in unknown[:MOST_NAMED])
        return f"the tutorial's judge does not know {named}{more}. {KNOWS} {OTHERWISE}"
    return ""
