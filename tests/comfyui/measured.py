"""Experiments in the rehearsal: prompts that its painter knows, judges that err, and the painter's own truth."""

from __future__ import annotations

from typing import Any

from pack.engine.judge.absence import absent_thing
from pack.engine.judge.quotations import quoted
from pack.rehearsal.ollama_double import pixel_judge
from pack.rehearsal.world.misreading import misread
from pack.rehearsal.world.scene import ShapeScene, parse

from .theatre import MODEL, loop_graph

REFEREE = "gemma4:latest"
UNSURE, SURE = 1.6, 0.3
"""Standard deviation of the log-odds' error of the judge and of the referee; plain to see has about 4."""
PROMPTS = (
    ("three red circles left of a blue square", ["three red circles", "red circles left of a blue square"]),
    ("four yellow stars above a green square", ["four yellow stars", "yellow stars above a green square"]),
    ("two orange triangles and a cyan ring on a black background", ["two orange triangles", "a black background"]),
    ('a red star and the word "HELLO"', ["one red star", 'the word "HELLO"']),
    ("three blue squares, no green stars", ["three blue squares", "no green stars"]),
    ("five purple diamonds on a white background", ["five purple diamonds", "a white background"]),
    ("one blue ring above three red squares", ["three red squares", "blue ring above red squares"]),
    ("two green circles right of two red triangles", ["two green circles", "green circles right of red triangles"]),
    ('four blue circles and the word "MUSIC"', ["four blue circles", 'the word "MUSIC"']),
    ("three orange stars, no blue squares", ["three orange stars", "no blue squares"]),
    ("three green triangles below a red ring", ["three green triangles", "green triangles below a red ring"]),
    ("five red squares on a grey background", ["five red squares", "a grey background"]),
)


def own(count: int = 12) -> list[dict[str, Any]]:
    return [{"prompt": prompt, "checklist": lines} for prompt, lines in PROMPTS[:count]]


def request(**fields: Any) -> dict[str, Any]:
    """An experiment with the painter's graph."""
    chosen = {"judge": {"model": MODEL}, "referee": {"model": REFEREE}, "renders": 6, "own": own(), "ask_first": False}
    return {"workflow": loop_graph(), **chosen, **fields}


def looks_at_pixels(body: dict[str, Any], images: list[bytes]) -> str:
    """The double's models: all see pixels, the referee better than the judge."""
    return pixel_judge(body, images, doubt=SURE if body.get("model") == REFEREE else UNSURE)


def truth(requirement: str, prompt: str, seed: int, negative: str) -> bool:
    """Whether the painter really painted it, by its own scene, before a pixel was drawn."""
    painted = misread(parse(prompt), prompt, seed, negative)
    if word := quoted(requirement):
        return painted.word == word
    if "background" in requirement:
        return painted.background == requirement.split()[1]
    if thing := absent_thing(requirement):
        (wanted,) = parse(thing).groups
        return not [g for g in painted.groups if (g.shape, g.colour) == (wanted.shape, wanted.colour)]
    asked = parse(requirement)
    if asked.relations:
        return _related(asked, painted)
    (group,) = asked.groups
    found = [g.count for g in painted.groups if (g.shape, g.colour) == (group.shape, group.colour)]
    return sum(found) == group.count


def _related(asked: ShapeScene, painted: ShapeScene) -> bool:
    (wanted,) = asked.relations
    names = [(asked.groups[i].shape, asked.groups[i].colour) for i in (wanted.first, wanted.second)]
    for relation in painted.relations:
        there = [(painted.groups[i].shape, painted.groups[i].colour) for i in (relation.first, relation.second)]
        if relation.axis == wanted.axis and there == names:
            return True
    return False


def requirement_ids(lines: list[str]) -> dict[str, str]:
    return {f"r{n}": line for n, line in enumerate(lines, 1)}
