"""Writes clauses for what is still missing, as a vision model would that sees the picture and the goal."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from .facts import GOOD_CFG, GOOD_STEPS, SceneFinding, check, counted, faults_of, members, within
from .misreading import chance
from .scene import ShapeScene, parse
from .seeing import SeenPicture
from .vocabulary import spoken

LONGEST_CLAUSE = 12
"""Words."""
MOST_NEGATIVES = 3
CLAUSES_EACH = 3
_LINE = re.compile(r"^\s*(\w+)\s*:\s*(.*?)\s*(?:\(the judge (?:saw:\s*(.*)|could not tell|sees it here.*)\))?\s*$")
_TRIED = re.compile(r"^\s+tried:(.*)$")


@dataclass(frozen=True)
class Failing:
    """A requirement that is not met. seen: what the judge answered, if told. tried: clauses that were tried before."""

    id: str
    text: str
    seen: str = ""
    tried: tuple[str, ...] = ()


def read_failing(text: str) -> list[Failing]:
    """One per line: `r2: three red circles (the judge saw: 2)`, and below it, indented, `tried: "a clause", painted in
    0 of 2; ...`. Other lines are left out."""
    found: list[Failing] = []
    for line in text.splitlines():
        tried, match = _TRIED.match(line), _LINE.match(line)
        if tried and found:
            found[-1] = replace(found[-1], tried=tuple(re.findall(r'"([^"]+)", painted', tried[1])))
        elif not tried and match and match[2]:
            found.append(Failing(match[1], match[2], match[3] or ""))
    return found


def edit(goal: str, failing: Sequence[Failing], view: SeenPicture | None, seed: int = 0) -> dict[str, Any]:
    """What an editor asked for better wording would reply. view: None without a picture. seed: another, other words."""
    finding = None if view is None else SceneFinding((), view)
    faults = [] if finding is None else faults_of(finding)
    edits = [{"clause": words, "requirement": item.id} for item in failing for words in _new_clauses(item, seed)]
    evidence = [{"requirement": item.id, "seen": _seen(item, view)} for item in failing]
    toned = finding is not None and finding.tone != "natural"
    blurred = finding is not None and finding.blurred
    said = [f"I see {e['seen']}, the goal wants {item.text}." for e, item in zip(evidence, failing, strict=True)]
    said += [f"The picture has flaws: {', '.join(faults)}."] if faults else []
    return {
        "edits": edits,
        "evidence": evidence,
        "local_fix": None,
        "negative": [*faults, *_strangers(goal, view)][:MOST_NEGATIVES],
        "reason": " ".join(said[:3]) or "Everything that the goal asks for is there.",
        "settings": {"cfg": GOOD_CFG if toned else None, "steps": GOOD_STEPS if blurred else None},
        "verdict": "continue" if failing or faults else "done",
    }


def clause(text: str, seed: int = 0) -> str:
    """Words for a prompt that ask for it with emphasis, at most LONGEST_CLAUSE; the same for the same seed."""
    return _clauses(text, seed)[0]


def _clauses(text: str, seed: int) -> list[str]:
    """All of them; the seed says which comes first."""
    choices = _wordings(parse(text)) or [f"clearly {text}", f"definitely {text}", f"{text} clearly"]
    first = int(chance("wording", seed, text) * len(choices))
    return [" ".join(chosen.split()[:LONGEST_CLAUSE]) for chosen in (*choices[first:], *choices[:first])]


def _new_clauses(item: Failing, seed: int) -> list[str]:
    """Those that were not tried; once more the first, where all were."""
    clauses = _clauses(item.text, seed)
    return [words for words in clauses if words not in item.tried][:CLAUSES_EACH] or clauses[:1]


def _wordings(scene: ShapeScene) -> list[str]:
    """Clauses for the one thing that a requirement's text speaks of."""
    if scene.word:
        return [
            f'the word "{scene.word}" spelled exactly',
            f'exactly the word "{scene.word}"',
            f'clearly the text "{scene.word}"',
        ]
    if scene.background:
        lead = ("plain", "solid", "pure")
        return [f"{word} {scene.background} background" for word in lead]
    if scene.absent:
        name = scene.absent[0].named(2)
        return [f"exactly zero {name}", f"definitely zero {name}", f"clearly free of {name}"]
    if scene.relations:
        relation = scene.relations[0]
        first, second = (scene.groups[i].noun for i in (relation.first, relation.second))
        how, back = ("left of", "right of") if relation.axis == "left" else ("above", "below")
        return [
            f"the {first} clearly {how} the {second}",
            f"the {second} clearly {back} the {first}",
            f"the {first} definitely {how} the {second}",
        ]
    if scene.places:
        name, where = scene.groups[scene.places[0].group].noun, within(scene.places[0].where)
        return [f"the {name} {lead} {where}" for lead in ("clearly", "definitely", "exactly")]
    if scene.groups:
        group = scene.groups[0]
        if group.count is None:
            return [f"{lead} some {group.noun}" for lead in ("clearly", "definitely")]
        number = spoken(group.count)
        return [f"{lead} {number} {group.noun}" for lead in ("exactly", "precisely", "definitely")]
    return []


def _seen(item: Failing, view: SeenPicture | None) -> str:
    """What is there instead."""
    scene = parse(item.text)
    if view is not None and scene.absent:
        return counted(len(members(scene.absent[0], view)), scene.absent[0])
    found = [] if view is None else check(scene, view)
    # The fact itself comes after the groups that it is about.
    return found[-1].seen if found else item.seen or "nothing of the kind"


def _strangers(goal: str, view: SeenPicture | None) -> list[str]:
    """Kinds of shapes that are there though the goal does not ask for them; those it rules out come first."""
    if view is None:
        return []
    scene = parse(goal)
    known = [s for s in view.shapes if s.shape != "something"]
    asked = [s for group in scene.groups for s in members(group, view)]
    ruled_out = [f"{s.colour} {s.shape}s" for group in scene.absent for s in members(group, view)]
    others = [f"{s.colour} {s.shape}s" for s in known if s not in asked] if scene.groups else []
    return list(dict.fromkeys([*ruled_out, *others]))
