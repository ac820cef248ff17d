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


_EXAMPLES = {
    "descriptive": (
        ("three ducks, it saw 2", ("a row of three white ducks side by side", "a duck followed by its two ducklings")),
        (
            "a red umbrella, it saw blue",
            ("bright red umbrella held high in the centre", "umbrella the colour of tomatoes"),
        ),
    ),
    "tags": (
        ("three ducks, it saw 2", ("trio of ducks", "3 ducks in a row")),
        ("a red umbrella, it saw blue", ("crimson umbrella", "red umbrella, foreground")),
    ),
    "instructional": (
        ("three ducks, it saw 2", ("add a third duck to the right of the two", "line up three ducks side by side")),
        ("a red umbrella, it saw blue", ("paint the umbrella bright red", "replace the blue umbrella with a red one")),
    ),
    "motion": (
        ("three ducks, it saw 2", ("three ducks swim past in a row", "a third duck swims in from the left")),
        ("waves, it saw still water", ("the water rises and falls in waves", "waves roll in and break on the shore")),
    ),
}
"""Two worked examples a style: what failed, and two ways of asking that differ in kind. Ours."""


def worked_examples(style: str) -> str:
    """Lines that show how such clauses differ in kind; those of captions for a style that is unknown."""
    lines = [
        f"{failed}: {'; '.join(chr(34) + clause + chr(34) for clause in clauses)}"
        for failed, clauses in _EXAMPLES.get(style, _EXAMPLES["descriptive"])
    ]
    return "\n".join(["For example, where the requirement is", *lines])
