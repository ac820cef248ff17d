"""How the painter gets a prompt wrong: some mistakes only better wording cures, others are the luck of the seed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from .scene import Group, Relation, ShapeScene, opposite, parse

# Share of an edit's side effects: how often a changed prompt redraws the luck of a requirement that it left alone.
STIR = 0.3
LONG_PROMPT = 75
SCRATCHES = 0.22
SCRATCHES_NAMED = 0.05
RARE = 0.3
"""Chance of a mistake below which a stark painter nearly never makes it."""
MOST_STUBBORN = 4
"""Of the things that plain words often get wrong, so many of a prompt are always wrong with a stark painter, and the
others right: as many as a run can cure with the few clauses that a prompt takes."""
MOST_DRAWN = 6
"""Of one kind: whoever asks for more gets four to six, whatever the wording; not with a stark painter."""
LOOKALIKES = {"O": "Q", "L": "I", "E": "F", "I": "L", "A": "R", "R": "P", "S": "B", "N": "H", "T": "Y", "C": "G"}


def chance(*parts: object) -> float:
    """A number in [0, 1) that depends on nothing but the parts."""
    digest = hashlib.blake2b("\x1f".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


class Luck:
    """The dice of one render. The same seed gives an untouched requirement mostly the same luck after an edit."""

    def __init__(self, prompt: str, seed: int, length: int, stubborn: Sequence[str] | None = None) -> None:
        """stubborn: of a stark painter, what plain words get wrong."""
        self.prompt, self.seed, self.stubborn = prompt, seed, stubborn
        self.dilution = min(0.45, max(0, length - LONG_PROMPT) * 0.01)

    def draw(self, requirement: str) -> float:
        """In [0, 1)."""
        if chance(self.seed, self.prompt, requirement, "stir") < STIR:
            return chance(self.seed, self.prompt, requirement)
        return chance(self.seed, requirement)

    def fails(self, requirement: str, probability: float) -> bool:
        """Whether this render gets the requirement wrong."""
        if self.stubborn is not None:
            probability = probability**2 if probability < RARE else float(requirement in self.stubborn)
        return self.draw(requirement) < probability + (1 - probability) * self.dilution


def misread(scene: ShapeScene, prompt: str, seed: int, negative: str = "", stark: bool = False) -> ShapeScene:
    """The scene that this prompt, seed and negative prompt really give: counts all said, some requirements wrong.

    stark: what plain words often get wrong is wrong until it is said clearly, see MOST_STUBBORN, and then nearly always
    right, so that a run of few pictures shows what wording does.
    """
    luck = Luck(prompt, seed, scene.length, _hard_things(scene)[:MOST_STUBBORN] if stark else None)
    unwanted = parse(negative).groups
    groups = [_group(scene, index, luck, unwanted) for index in range(len(scene.groups))]
    groups += [_summoned(scene, group, luck, unwanted) for group in scene.absent]
    lost = {i for i, group in enumerate(groups) if group is None}
    kept = [i for i in range(len(groups)) if i not in lost]
    renumbered = {old: new for new, old in enumerate(kept)}
    relations = tuple(
        replace(r, first=renumbered[r.first], second=renumbered[r.second])
        for r in (_relation(scene, r, luck) for r in scene.relations)
        if r.first not in lost and r.second not in lost
    )
    places = tuple(
        replace(p, group=renumbered[p.group], where=_where(scene, p, luck)) for p in scene.places if p.group not in lost
    )
    return replace(
        scene,
        groups=tuple(g for g in groups if g is not None),
        relations=relations,
        places=places,
        background=_background(scene, luck),
        word=_word(scene, luck),
    )


def _hard_things(scene: ShapeScene) -> list[str]:
    """The names of what plain words often get wrong, as they are drawn for below."""
    counts = [f"count {g.colour} {g.shape}" for g in scene.groups if (g.count or 0) > 2]
    relations = [_relation_name(scene, relation) for relation in scene.relations]
    places = [f"place {scene.groups[place.group].shape}" for place in scene.places]
    absent = [f"absent {group.colour} {group.shape}" for group in scene.absent]
    return [*counts, *relations, *places, *(["word"] if scene.word else []), *absent]


def scratched(negative: str, prompt: str, seed: int) -> bool:
    """Whether artefacts appear on this render."""
    named = any(word in negative.lower() for word in ("scratch", "artifact", "artefact"))
    return Luck(prompt, seed, 0).fails("scratches", SCRATCHES_NAMED if named else SCRATCHES)


def _named(group: Group, others: tuple[Group, ...]) -> bool:
    return any(o.shape == group.shape and o.colour in (None, group.colour) for o in others)


def _summoned(scene: ShapeScene, group: Group, luck: Luck, unwanted: tuple[Group, ...]) -> Group | None:
    """A thing that is only named to have none of it appears easily; less so by emphasis or the negative prompt."""
    name = f"absent {group.colour} {group.shape}"
    likely = 0.15 if group.emphatic else 0.6
    if not luck.fails(name, likely / 4 if _named(group, unwanted) else likely):
        return None
    colour = group.colour or next(c for c in ("green", "red", "blue") if c != scene.background)
    return Group(group.shape, colour, 1 + int(3 * luck.draw(f"any count {name}")))


def _group(scene: ShapeScene, index: int, luck: Luck, unwanted: tuple[Group, ...]) -> Group | None:
    group = scene.groups[index]
    name = f"{group.colour} {group.shape}"
    # What the prompt asks for with a number is stronger than the negative prompt.
    if group.count is None and not group.emphatic and _named(group, unwanted) and luck.fails(f"kept out {name}", 0.7):
        return None
    later = index > 0
    if later and luck.fails(f"presence {name}", 0.02 if group.emphatic else 0.15):
        return None
    colour = group.colour
    others = [g.colour for g in scene.groups if g.colour and g.colour != colour]
    if later and others and luck.fails(f"colour {name}", 0.05 if group.emphatic else 0.25):
        colour = others[0]
    if colour is None:
        choices = [c for c in ("red", "orange", "green", "blue", "purple") if c not in others]
        colour = choices[int(luck.draw(f"any colour {name}") * len(choices))]
    return replace(group, colour=colour, count=_count(group, name, luck))


def _count(group: Group, name: str, luck: Luck) -> int:
    if group.count is None:
        return 2 + int(luck.draw(f"any count {name}") * 4)
    if group.count > MOST_DRAWN and luck.stubborn is None:
        return 4 + int(luck.draw(f"too many {name}") * 3)
    many = group.count > 2
    likely = (0.10 if many else 0.03) if group.emphatic else (0.70 if many else 0.08)
    if not luck.fails(f"count {name}", likely):
        return group.count
    fewer = group.count > 1 and luck.draw(f"fewer {name}") < 0.5
    return group.count + (-1 if fewer else 1)


def _relation(scene: ShapeScene, relation: Relation, luck: Luck) -> Relation:
    if luck.fails(_relation_name(scene, relation), 0.07 if relation.emphatic else 0.35):
        return replace(relation, first=relation.second, second=relation.first)
    return relation


def _relation_name(scene: ShapeScene, relation: Relation) -> str:
    return f"{relation.axis} {' '.join(sorted(scene.groups[i].shape for i in (relation.first, relation.second)))}"


def _where(scene: ShapeScene, place: object, luck: Luck) -> str:
    wrong = luck.fails(f"place {scene.groups[place.group].shape}", 0.08 if place.emphatic else 0.35)
    return opposite(place.where) if wrong else place.where


def _background(scene: ShapeScene, luck: Luck) -> str | None:
    if scene.background is None:
        return None
    if not luck.fails("background", 0.02 if scene.background_emphatic else 0.08):
        return scene.background
    return "white" if scene.background == "grey" else None


def _word(scene: ShapeScene, luck: Luck) -> str | None:
    word = scene.word
    if word is None:
        return None
    likely = min(0.6, 0.15 + 0.04 * len(word)) if not scene.word_emphatic else 0.12
    if not luck.fails("word", likely):
        return word
    return misspelt(word, luck.draw("misspelling"))


def misspelt(word: str, draw: float) -> str:
    """The word with one letter lost, doubled, swapped with the next or mistaken; never the word itself."""
    versions: list[str] = []
    for at, letter in enumerate(word):
        if letter == " ":
            continue
        head, tail = word[:at], word[at + 1 :]
        versions.append(head + tail)
        versions.append(head + letter + letter + tail)
        versions.append(head + LOOKALIKES.get(letter, "E" if letter != "E" else "F") + tail)
        if tail and tail[0] not in (" ", letter):
            versions.append(head + tail[0] + letter + tail[1:])
    versions = [v for v in versions if v.strip() and v != word]
    return versions[int(draw * len(versions))]
