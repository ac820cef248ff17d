"""How the editor words its clauses for a model family's prompt style. Which family has which: graph/families.json."""

from __future__ import annotations

_RULES = {
    "descriptive": "plain words of a caption, as a piece of a sentence that describes the finished picture",
    "instructional": "an instruction that begins with a verb and names what to change, and to what",
    "tags": "one tag: the thing with one or two attributes, at most five words, no verb and no sentence",
    "motion": (
        "what moves, how and where to, or what the camera does. The look of things comes from the start picture: "
        "name it only where the look itself is what fails"
    ),
}
"""One rule a style (docs/design-notes.md, 12.1)."""


def wording_rule(style: str) -> str:
    """The sentence for the editor's question; "" for a style that is unknown, as that of a graph of no known family."""
    rule = _RULES.get(style)
    return f"This generator's prompt style is {style}. Word each clause as {rule}." if rule else ""
