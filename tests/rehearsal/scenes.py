"""Random scenes, their goals in words, and the same scenes with one requirement broken."""

from __future__ import annotations

import io
import random
from dataclasses import replace

import numpy as np
from pack.rehearsal.world.misreading import misspelt
from pack.rehearsal.world.scene import COLOURS, SHAPES, Group, Place, Relation, ShapeScene, opposite
from PIL import Image

WORDS = ("HELLO", "OPEN", "LOVE", "CAFE 42", "BOOK", "TAXI", "STOP NOW", "MILLION")
PLACES = ("top left", "top right", "bottom left", "bottom right", "top", "bottom", "left", "right", "centre")


def random_scene(dice: random.Random) -> ShapeScene:
    """One to three groups, at most nine shapes, maybe a relation or a place, a background, a word."""
    background = dice.choice((None, None, *COLOURS))
    colours = [c for c in COLOURS if c != background]
    kinds = dice.sample([(c, s) for c in colours for s in SHAPES], dice.randint(1, 3))
    groups, room = [], 9
    for colour, shape in kinds:
        count = dice.randint(1, min(6, room - (len(kinds) - len(groups) - 1)))
        room -= count
        groups.append(Group(shape, colour, count))
    relations: tuple[Relation, ...] = ()
    places: tuple[Place, ...] = ()
    if len(groups) > 1 and dice.random() < 0.6:
        first, second = dice.sample(range(len(groups)), 2)
        relations = (Relation(first, dice.choice(("left", "above")), second),)
    if not relations and dice.random() < 0.4:
        places = (Place(dice.randrange(len(groups)), dice.choice(PLACES)),)
    word = dice.choice(WORDS) if dice.random() < 0.35 else None
    return ShapeScene(tuple(groups), relations, places, background, word=word)


def goal_of(scene: ShapeScene) -> str:
    """The scene in words."""
    parts = [group.phrase for group in scene.groups]
    for relation in scene.relations:
        how = "to the left of" if relation.axis == "left" else "above"
        parts.append(f"{scene.groups[relation.first].noun} {how} {scene.groups[relation.second].noun}")
    for place in scene.places:
        parts.append(f"{scene.groups[place.group].noun} in the {place.where}")
    if scene.background:
        parts.append(f"on a {scene.background} background")
    if scene.word:
        parts.append(f'the word "{scene.word}"')
    return ", ".join(parts)


def broken(scene: ShapeScene, dice: random.Random) -> tuple[str, ShapeScene]:
    """The scene with exactly one requirement changed, and the kind of that requirement."""
    kinds = ["count", "colour", "shape"]
    kinds += ["relation"] * bool(scene.relations) + ["place"] * bool(scene.places)
    kinds += ["background"] * bool(scene.background) + ["word", "word"] * bool(scene.word)
    kind = dice.choice(kinds)
    which = dice.randrange(len(scene.groups))
    group = scene.groups[which]
    if kind == "count":
        count = group.count + (1 if group.count == 1 else dice.choice((-1, 1)))
        return kind, _with_group(scene, which, replace(group, count=count))
    if kind == "colour":
        taken = {g.colour for g in scene.groups} | {scene.background}
        colour = dice.choice([c for c in COLOURS if c not in taken])
        return "count", _with_group(scene, which, replace(group, colour=colour))
    if kind == "shape":
        taken = {g.shape for g in scene.groups}
        return "count", _with_group(
            scene, which, replace(group, shape=dice.choice([s for s in SHAPES if s not in taken]))
        )
    if kind == "relation":
        old = scene.relations[0]
        return kind, replace(scene, relations=(replace(old, first=old.second, second=old.first),))
    if kind == "place":
        old = scene.places[0]
        return kind, replace(scene, places=(replace(old, where=opposite(old.where)),))
    if kind == "background":
        taken = {g.colour for g in scene.groups} | {scene.background}
        return kind, replace(scene, background=dice.choice([c for c in COLOURS if c not in taken]))
    return kind, replace(scene, word=misspelt(scene.word, dice.random()))


def _with_group(scene: ShapeScene, which: int, group: Group) -> ShapeScene:
    return replace(scene, groups=(*scene.groups[:which], group, *scene.groups[which + 1 :]))


def random_size(dice: random.Random) -> tuple[int, int]:
    """Width and height of a usual picture: 512 to 1216, at most 2 to 1."""
    return dice.choice(
        ((512, 512), (512, 768), (768, 512), (640, 384), (768, 768), (1024, 1024), (832, 1216), (1024, 512))
    )


def photographed(picture: np.ndarray, side: int = 512, quality: int = 85) -> np.ndarray:
    """The picture as a judge gets it: resized to that long side, through JPEG."""
    image = Image.fromarray(picture)
    scale = side / max(image.size)
    if scale != 1:
        image = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file).convert("RGB"))
