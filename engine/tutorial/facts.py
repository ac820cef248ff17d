"""Which facts of a scene a picture shows, and what is there instead. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

from .reading import comparable
from .scene import Axis, Group, Place, Relation, ShapeScene, spoken
from .seeing import SeenPicture, SeenShape

MOST_SCRATCHES = 0.0004
LEAST_SHARPNESS = 0.31
WASHED_OUT, OVER_SATURATED = 0.85, 1.15
GOOD_STEPS, GOOD_CFG = 20, 7.0
BESIDE = 0.03
"""Share of width or height by which one centre must be before another to be left of it, or above it."""
MIDDLE = 0.22
"""How far from the middle a centre may be to be in the centre, as share of width or height."""

Kind = Literal["count", "relation", "place", "background", "word"]


@dataclass(frozen=True)
class SceneFact:
    """One visible fact that the goal asks for, as it was found.

    text: the requirement in words. met: whether the picture shows it. seen: what is there instead, or as asked.
    clause: words for a prompt that ask for it with emphasis, at most twelve.
    """

    kind: Kind
    text: str
    met: bool
    seen: str
    clause: str


@dataclass(frozen=True)
class SceneFinding:
    """What one look found: each requirement of the goal, and all that was seen, damage included."""

    requirements: tuple[SceneFact, ...]
    view: SeenPicture

    @property
    def unmet(self) -> tuple[SceneFact, ...]:
        return tuple(r for r in self.requirements if not r.met)

    @property
    def scratched(self) -> bool:
        return self.view.scratches > MOST_SCRATCHES

    @property
    def blurred(self) -> bool:
        return self.view.sharpness is not None and self.view.sharpness < LEAST_SHARPNESS

    @property
    def tone(self) -> Literal["natural", "washed out", "over-saturated"]:
        vividness = self.view.vividness
        if vividness is None or WASHED_OUT <= vividness <= OVER_SATURATED:
            return "natural"
        return "washed out" if vividness < WASHED_OUT else "over-saturated"


def check(scene: ShapeScene, view: SeenPicture) -> list[SceneFact]:
    """Each requirement of the scene as it was found; what must be absent is none of them."""
    found = [_count(g, view) for g in scene.groups]
    found += [_relation(scene, r, view) for r in scene.relations]
    found += [_place(scene, p, view) for p in scene.places]
    if scene.background:
        found.append(_background(scene.background, view))
    if scene.word:
        found.append(_word(scene.word, view))
    return found


def faults_of(finding: SceneFinding) -> list[str]:
    """What is wrong with the picture itself, as a negative prompt says it."""
    faults = {"scratches": finding.scratched, "blurry": finding.blurred, finding.tone: finding.tone != "natural"}
    return [name for name, present in faults.items() if present]


def members(group: Group, view: SeenPicture) -> list[SeenShape]:
    """The seen shapes that are of that kind."""
    return [s for s in view.shapes if s.shape == group.shape and group.colour in (None, s.colour)]


def counted(number: int, group: Group) -> str:
    """So many of the group in words."""
    name = group.named(number)
    return f"no {group.named(2)}" if number == 0 else f"{spoken(number)} {name}"


def _count(group: Group, view: SeenPicture) -> SceneFact:
    number = len(members(group, view))
    met = number >= 1 if group.count is None else number == group.count
    seen = counted(number, group)
    if not met:
        others = Counter((s.colour, s.shape) for s in view.shapes if group.colour == s.colour or group.shape == s.shape)
        others.pop((group.colour, group.shape), None)
        also = [counted(n, Group(shape, colour)) for (colour, shape), n in sorted(others.items())]
        seen += f" (but {' and '.join(also)})" if also else ""
    return SceneFact(
        "count", group.phrase, met, seen, f"{'clearly' if group.count is None else 'exactly'} {group.phrase}"
    )


def lead(
    first: Group, axis: Axis, second: Group, view: SeenPicture, any_of: Literal["first", "second"] | None = None
) -> float | None:
    """By how much the first group is before (left of, above) the second, share of the picture; None where one is
    missing. All of both count, by the worst pair, or any one of the group that any_of names."""
    at = {"left": "x", "above": "y"}[axis]
    here = [getattr(shape, at) for shape in members(first, view)]
    there = [getattr(shape, at) for shape in members(second, view)]
    if not here or not there:
        return None
    last, earliest = min(here) if any_of == "first" else max(here), max(there) if any_of == "second" else min(there)
    return earliest - last


def margin(group: Group, where: str, view: SeenPicture) -> float | None:
    """How far inside that place the outermost one of the group is, negative outside; None where none is seen."""
    seen = members(group, view)
    if not seen:
        return None
    return min(_margin_of(shape, where) for shape in seen)


def _margin_of(shape: SeenShape, where: str) -> float:
    x, y, parts = shape.x, shape.y, where.split()
    room = {"left": 0.5 - x, "right": x - 0.5, "top": 0.5 - y, "bottom": y - 0.5}
    margins = [room[part] for part in parts if part != "centre"]
    if "centre" in parts:
        margins += [] if {"left", "right"} & set(parts) else [MIDDLE - abs(x - 0.5)]
        margins += [] if {"top", "bottom"} & set(parts) else [MIDDLE - abs(y - 0.5)]
    return min(margins)


def _relation(scene: ShapeScene, relation: Relation, view: SeenPicture) -> SceneFact:
    first, second = scene.groups[relation.first], scene.groups[relation.second]
    wanted, other = ("left of", "right of") if relation.axis == "left" else ("above", "below")
    ahead = lead(first, relation.axis, second, view)
    met = ahead is not None and ahead > BESIDE
    if ahead is None:
        seen = f"no {(second if members(first, view) else first).named(2)}"
    elif met:
        seen = f"{first.noun} {wanted} {second.noun}"
    else:
        seen = _seen_instead(first, relation.axis, second, view, wanted, other)
    how = "clearly left of" if relation.axis == "left" else "clearly above"
    text = f"{first.noun} {wanted} {second.noun}"
    return SceneFact("relation", text, met, seen, f"the {first.noun} {how} the {second.noun}")


def _seen_instead(first: Group, axis: Axis, second: Group, view: SeenPicture, wanted: str, other: str) -> str:
    alone = [SeenPicture((shape, *members(second, view)), "", None, 0.0, None, None) for shape in members(first, view)]
    right = sum((lead(first, axis, second, one) or 0.0) > BESIDE for one in alone)
    if right:
        return f"{spoken(right)} of {counted(len(alone), first)} {wanted} {second.noun}"
    turned = (lead(second, axis, first, view) or 0.0) > BESIDE
    beside = "above or below" if axis == "left" else "beside"
    return f"{first.noun} {other if turned else beside} {second.noun}"


def _place(scene: ShapeScene, place: Place, view: SeenPicture) -> SceneFact:
    group = scene.groups[place.group]
    text, clause = f"{group.noun} {within(place.where)}", f"the {group.noun} clearly {within(place.where)}"
    room = margin(group, place.where, view)
    if room is None:
        return SceneFact("place", text, False, f"no {group.named(2)}", clause)
    met = room > 0
    return SceneFact("place", text, met, text if met else f"{group.noun} {within(_where(group, view))}", clause)


def _where(group: Group, view: SeenPicture) -> str:
    """Where the group is on average, in the words of a place."""
    seen = members(group, view)
    x, y = sum(s.x for s in seen) / len(seen), sum(s.y for s in seen) / len(seen)
    across = "left" if x < 0.36 else "right" if x > 0.64 else "centre"
    down = "top" if y < 0.36 else "bottom" if y > 0.64 else "centre"
    return "centre" if across == down == "centre" else f"{down} {across}".replace("centre ", "")


def within(where: str) -> str:
    """The place with its preposition."""
    return f"at the {where}" if where in ("top", "bottom") else f"in the {where}"


def _background(wanted: str, view: SeenPicture) -> SceneFact:
    text = f"a {wanted} background"
    return SceneFact(
        "background", text, view.background == wanted, f"a {view.background} background", f"plain {wanted} background"
    )


def _word(wanted: str, view: SeenPicture) -> SceneFact:
    read = view.word
    met = read is not None and comparable(read) == comparable(wanted)
    seen = "no written word" if read is None else f'the word "{wanted if met else read}"'
    return SceneFact("word", f'the word "{wanted}"', met, seen, f'the word "{wanted}" spelled exactly')
