"""Looks at a picture with a goal in mind: which of its requirements are met, and what a vision model would say."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from .misreading import chance
from .reading import comparable
from .scene import Group, Place, Relation, Scene, parse, spoken
from .seeing import SeenShape, View, see

MOST_SCRATCHES = 0.0004
LEAST_SHARPNESS = 0.31
WASHED_OUT, OVER_SATURATED = 0.85, 1.15
MOST_CLAUSES, LONGEST_APPEND = 2, 120
GOOD_STEPS, GOOD_CFG = 20, 7.0
BESIDE = 0.03

Kind = Literal["count", "relation", "place", "background", "word"]


@dataclass(frozen=True)
class Requirement:
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
class Finding:
    """What one look found: each requirement of the goal, and all that was seen, damage included."""

    requirements: tuple[Requirement, ...]
    view: View

    @property
    def unmet(self) -> tuple[Requirement, ...]:
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


def look(goal: str, picture: np.ndarray, *, error_rate: float = 0.0, mood: int = 0) -> Finding:
    """Check a picture (uint8 [H, W, 3]) against a goal, by its pixels alone.

    error_rate: share of requirements judged wrongly, the same ones for the same mood, picture and requirement.
    """
    view = see(picture)
    found = check(parse(goal), view)
    if error_rate > 0:
        fingerprint = hashlib.blake2b(np.ascontiguousarray(picture).tobytes()).hexdigest()
        found = [replace(r, met=not r.met) if chance(mood, fingerprint, r.text) < error_rate else r for r in found]
    return Finding(tuple(found), view)


def check(scene: Scene, view: View) -> list[Requirement]:
    """Each requirement of the scene as it was found; what must be absent is none of them."""
    found = [_count(g, view) for g in scene.groups]
    found += [_relation(scene, r, view) for r in scene.relations]
    found += [_place(scene, p, view) for p in scene.places]
    if scene.background:
        found.append(_background(scene.background, view))
    if scene.word:
        found.append(_word(scene.word, view))
    return found


def answer(goal: str, picture: np.ndarray, *, error_rate: float = 0.0, mood: int = 0) -> dict[str, Any]:
    """What a vision model asked for a verdict would reply: assessment, changes, done, reason."""
    return verdict(look(goal, picture, error_rate=error_rate, mood=mood))


def verdict(finding: Finding) -> dict[str, Any]:
    """A finding in the words and marks (0..10) of a vision model's answer."""
    unmet = finding.unmet
    flawed = finding.scratched or finding.blurred or finding.tone != "natural"
    clauses = [r.clause for r in unmet[:MOST_CLAUSES]]
    while len(", ".join(clauses)) > LONGEST_APPEND:
        clauses.pop()
    return {
        "assessment": _marks(finding),
        "changes": {
            "cfg": GOOD_CFG if finding.tone != "natural" else None,
            "neg_append": ", ".join(faults_of(finding)),
            "prompt_append": ", ".join(clauses),
            # One thing left to cure, or only damage: that is more likely luck than wording.
            "seed": "new" if finding.scratched or len(unmet) == 1 else "keep",
            "steps": GOOD_STEPS if finding.blurred else None,
        },
        "done": bool(finding.requirements) and not unmet and not flawed,
        "reason": _reason(finding),
    }


def _marks(finding: Finding) -> dict[str, int]:
    requirements = finding.requirements
    artifacts = 10 - 4 * finding.scratched - 3 * finding.blurred - 2 * (finding.tone != "natural")
    arranged = [r.met for r in requirements if r.kind in ("relation", "place")]
    words = [r for r in requirements if r.kind == "word"]
    return {
        "artifacts": max(0, artifacts),
        "composition": _tenths(arranged),
        "faces": 10,
        "prompt_match": _tenths([r.met for r in requirements]) if requirements else 5,
        "text": 10 if all(r.met for r in words) else 4,
    }


def _tenths(met: list[bool]) -> int:
    """Ten times the share, but ten only for all."""
    if all(met):
        return 10
    return min(9, round(10 * sum(met) / len(met)))


def faults_of(finding: Finding) -> list[str]:
    """What is wrong with the picture itself, as a negative prompt says it."""
    faults = {"scratches": finding.scratched, "blurry": finding.blurred, finding.tone: finding.tone != "natural"}
    return [name for name, present in faults.items() if present]


def _reason(finding: Finding) -> str:
    faults = faults_of(finding)
    damage = f"The picture has flaws: {', '.join(faults)}." if faults else ""
    if not finding.requirements:
        said = "The goal names no coloured shape, place, background or word, so there is nothing I can check."
    elif not finding.unmet:
        said = "Everything that the goal asks for is there."
    else:
        said = " ".join(f"I see {r.seen}, the goal wants {r.text}." for r in finding.unmet[:MOST_CLAUSES])
    return f"{said} {damage}".strip()


def members(group: Group, view: View) -> list[SeenShape]:
    """The seen shapes that are of that kind."""
    return [s for s in view.shapes if s.shape == group.shape and group.colour in (None, s.colour)]


def counted(number: int, group: Group) -> str:
    """So many of the group in words."""
    name = group.named(number)
    return f"no {group.named(2)}" if number == 0 else f"{spoken(number)} {name}"


def _count(group: Group, view: View) -> Requirement:
    number = len(members(group, view))
    met = number >= 1 if group.count is None else number == group.count
    seen = counted(number, group)
    if not met:
        others = Counter((s.colour, s.shape) for s in view.shapes if group.colour == s.colour or group.shape == s.shape)
        others.pop((group.colour, group.shape), None)
        also = [counted(n, Group(shape, colour)) for (colour, shape), n in sorted(others.items())]
        seen += f" (but {' and '.join(also)})" if also else ""
    return Requirement(
        "count", group.phrase, met, seen, f"{'clearly' if group.count is None else 'exactly'} {group.phrase}"
    )


def centre_of(group: Group, view: View) -> tuple[float, float] | None:
    """Where the group is on average, as shares of width and height; None where nothing of it is seen."""
    seen = members(group, view)
    if not seen:
        return None
    return float(np.mean([s.x for s in seen])), float(np.mean([s.y for s in seen]))


def _relation(scene: Scene, relation: Relation, view: View) -> Requirement:
    first, second = scene.groups[relation.first], scene.groups[relation.second]
    wanted, other = ("left of", "right of") if relation.axis == "left" else ("above", "below")
    at = 0 if relation.axis == "left" else 1
    here, there = centre_of(first, view), centre_of(second, view)
    if here is None or there is None:
        met, seen = False, f"no {(first if here is None else second).named(2)}"
    else:
        ahead = there[at] - here[at]
        met = ahead > BESIDE
        how = wanted if met else other if ahead < -BESIDE else "beside" if at else "above or below"
        seen = f"{first.noun} {how} {second.noun}"
    lead = "clearly left of" if relation.axis == "left" else "clearly above"
    text = f"{first.noun} {wanted} {second.noun}"
    return Requirement("relation", text, met, seen, f"the {first.noun} {lead} the {second.noun}")


def _place(scene: Scene, place: Place, view: View) -> Requirement:
    group = scene.groups[place.group]
    centre = centre_of(group, view)
    text, clause = f"{group.noun} {within(place.where)}", f"the {group.noun} clearly {within(place.where)}"
    if centre is None:
        return Requirement("place", text, False, f"no {group.named(2)}", clause)
    parts = place.where.split()
    x, y = centre
    near = {"left": x < 0.5, "right": x > 0.5, "top": y < 0.5, "bottom": y > 0.5}
    met = all(near[p] for p in parts if p != "centre")
    if "centre" in parts:
        middle_x = {"left", "right"} & set(parts) or 0.28 < x < 0.72
        middle_y = {"top", "bottom"} & set(parts) or 0.28 < y < 0.72
        met = met and bool(middle_x) and bool(middle_y)
    across = "left" if x < 0.36 else "right" if x > 0.64 else "centre"
    down = "top" if y < 0.36 else "bottom" if y > 0.64 else "centre"
    there = "centre" if across == down == "centre" else f"{down} {across}".replace("centre ", "")
    return Requirement("place", text, met, f"{group.noun} {within(place.where if met else there)}", clause)


def within(where: str) -> str:
    """The place with its preposition."""
    return f"at the {where}" if where in ("top", "bottom") else f"in the {where}"


def _background(wanted: str, view: View) -> Requirement:
    text = f"a {wanted} background"
    return Requirement(
        "background", text, view.background == wanted, f"a {view.background} background", f"plain {wanted} background"
    )


def _word(wanted: str, view: View) -> Requirement:
    read = view.word
    met = read is not None and comparable(read) == comparable(wanted)
    seen = "no written word" if read is None else f'the word "{wanted if met else read}"'
    return Requirement("word", f'the word "{wanted}"', met, seen, f'the word "{wanted}" spelled exactly')
