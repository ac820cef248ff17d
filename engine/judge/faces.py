"""Whether counted faces tell how many people a picture shows, and what a number of faces says about it. Pure.

Somebody may be seen from behind or be missed, so few faces tell little; faces that are not there are hardly ever found,
so more of them than people were asked for tell much. How often either happens is measured (face_rates.json).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from .checklist import Checklist, Requirement
from .counts import MOST_COUNTED, Count, counts_within
from .detector import MOST_EVIDENCE
from .letters import comparable, words_in

MOST_PEOPLE = 5
"""The most people in the pictures that detectors were measured with."""
MOST_EXACT = MOST_PEOPLE - 1
"""The most people that an exact number may ask for: one more of them was measured as well."""
MOST_FACES = 20
"""More stand for as many."""
LEAST_CHANCE = 1e-300
"""What never comes is as rare as this."""


class FaceRates(NamedTuple):
    """How a detector errs. found: how often the face of one person who is alone is found, seen from behind or not.
    kept: by this factor it falls with each further person. alike: correlation of what is found of the people in one
    picture, above 0 and below 1. extra: faces that are nobody's, in a picture on average, above 0."""

    found: float
    kept: float
    alike: float
    extra: float


_ALIKE = (
    "person persons people human humans adult adults",
    "man men gentleman gentlemen guy guys male males",
    "woman women lady ladies female females",
    "boy boys",
    "girl girls",
    "child children kid kids toddler toddlers baby babies infant infants",
    "teenager teenagers",
    "face faces",
)
_GROUP = {word: number for number, words in enumerate(_ALIKE) for word in words.split()}
_FACE = _GROUP["face"]
_OTHERS = frozenset(
    "crowd crowds audience spectators bystanders onlookers passersby couple couples family families team mother father "
    "mom dad parent parents son sons daughter daughters brother brothers sister sisters sibling siblings twins wife "
    "husband bride groom grandmother grandfather friend friends king queen prince princess soldier soldiers".split()
)
"""People whom a count of others leaves out."""
_FACELESS = frozenset(
    "behind back backs backside away silhouette silhouettes silhouetted faceless headless helmet helmets helmeted mask "
    "masks masked veil veiled hooded visor astronaut astronauts knight knights rear".split()
)
_FACES_OF_NOBODY = frozenset(
    "statue statues sculpture sculptures bust busts mannequin mannequins doll dolls puppet puppets toy toys figurine "
    "figurines robot robots android androids cyborg skeleton skeletons poster posters billboard mirror mirrors "
    "reflection reflections mural murals magazine newspaper photographs portraits collage screens ghost ghosts".split()
)
_DRAWN = frozenset(
    "anime manga cartoon cartoons comic comics illustration illustrations illustrated drawing drawings drawn sketch "
    "sketched watercolor watercolour painting paintings painted oil ink pencil charcoal pastel gouache acrylic vector "
    "pixel lineart engraving woodcut caricature chibi clay claymation lego 3d render rendered lowpoly pixar disney "
    "ghibli cel storybook mosaic emoji icon logo art artwork style stylized stylised minifigures".split()
)
"""Faces are missed in drawings (docs/design-notes.md, 2.24). "style": whatever it is, it may be one of drawings."""


class Wanted(NamedTuple):
    """How many people there may be, both included. high: None without a limit."""

    low: int
    high: int | None


def people_wanted(requirement: Requirement) -> Wanted | None:
    """How many people a requirement asks for; None where it counts nothing, something else, or more than measured.
    English only, as counts are."""
    counts = counts_within(requirement.text) if requirement.kind == "count" else []
    if len(counts) != 1 or _group(counts[0]) is None:
        return None
    low, high = counts[0].low, counts[0].high
    if high >= MOST_COUNTED:
        return Wanted(low, None) if 1 <= low <= MOST_PEOPLE else None
    return Wanted(low, high) if 1 <= low <= high <= MOST_EXACT else None


def faces_can_tell(requirement: Requirement, checklist: Checklist) -> bool:
    """Whether all faces of the picture are those of the people that a requirement counts: nobody else is named in the
    checklist, and neither drawings, faces of nobody nor hidden faces are asked for."""
    words = {comparable(word) for text in _said(checklist) for word in words_in(text)}
    if words & (_OTHERS | _FACELESS | _FACES_OF_NOBODY | _DRAWN):
        return False
    counted = [count for one in checklist.requirements if one.kind == "count" for count in counts_within(one.text)]
    groups = [group for group in map(_group, counted) if group is not None]
    named = {_GROUP[word] for word in words if word in _GROUP} - {_FACE}
    asked = {_group(count) for count in counts_within(requirement.text)}
    return len(groups) == 1 and named <= asked


def _group(count: Count) -> int | None:
    """Which people are counted, as a number of its own; None for things."""
    return _GROUP.get(comparable(count.named.rsplit(" ", 1)[-1]))


def chance_of_faces(rates: FaceRates, people: int, found: int) -> float:
    """How often so many faces are found among so many people: those of people beta-binomial, because what hides one
    face often hides others, and those of nobody Poisson."""
    chance = rates.found * rates.kept ** max(0, people - 1)
    total = (1 - rates.alike) / rates.alike
    hit, miss = chance * total, (1 - chance) * total
    return sum(
        _beta_binomial(people, seen, hit, miss) * _poisson(found - seen, rates.extra)
        for seen in range(min(people, found) + 1)
    )


def evidence_of_faces(rates: FaceRates, wanted: Wanted, found: int) -> float:
    """The log-likelihood ratio of so many faces: how often they come where there are as many people as wanted, against
    one too few and one too many, of which either is taken to be as likely. At most MOST_EVIDENCE either way.
    """
    found = min(found, MOST_FACES)
    most = MOST_PEOPLE if wanted.high is None else wanted.high
    right = [chance_of_faces(rates, people, found) for people in range(wanted.low, most + 1)]
    beside = [wanted.low - 1] if wanted.high is None else [wanted.low - 1, wanted.high + 1]
    wrong = [chance_of_faces(rates, people, found) for people in beside]
    ratio = _log_mean(right) - _log_mean(wrong)
    return max(-MOST_EVIDENCE, min(ratio, MOST_EVIDENCE))


def _log_mean(chances: Sequence[float]) -> float:
    return math.log(max(sum(chances) / len(chances), LEAST_CHANCE))


def _beta_binomial(of: int, seen: int, hit: float, miss: float) -> float:
    if not hit or not miss:
        return float(seen == (of if hit else 0))
    ways = math.lgamma(of + 1) - math.lgamma(seen + 1) - math.lgamma(of - seen + 1)
    return math.exp(ways + _log_beta(hit + seen, miss + of - seen) - _log_beta(hit, miss))


def _log_beta(one: float, other: float) -> float:
    return math.lgamma(one) + math.lgamma(other) - math.lgamma(one + other)


def _poisson(number: int, mean: float) -> float:
    return math.exp(number * math.log(mean) - mean - math.lgamma(number + 1))


def _said(checklist: Checklist) -> list[str]:
    return [checklist.goal, *(one.text for one in checklist.requirements)]
