"""The judge's self-test: how far this very model can be believed, for each kind of requirement.

Scenes and figures: docs/design-notes.md, 2.14.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Literal

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict

from .ask import calibration_query
from .checklist import Checklist, Kind
from .picture import encode_jpeg
from .questions import Wording
from .scoring import LOW_TRUST, MOST, Bias, logit
from .self_test_scenes import KINDS, Scene, self_test_scenes
from .vision_model import VisionModel

MOST_LOGIT = logit(MOST)
"""For the threshold, no answer counts as surer than the score lets it: one that is would move the middle at will."""


def auroc(true: Sequence[float], false: Sequence[float]) -> float | None:
    """The chance that a true case has the higher value than a false one, ties counting half; None without either.

    By the ranks of all values, equal ones sharing their mean rank (Mann-Whitney U).
    """
    if not true or not false:
        return None
    marked = sorted([(value, True) for value in true] + [(value, False) for value in false])
    ranks, at = 0.0, 0
    while at < len(marked):
        end = at
        while end < len(marked) and marked[end][0] == marked[at][0]:
            end += 1
        # Ranks at+1 to end, shared.
        ranks += (at + 1 + end) / 2 * sum(is_true for _, is_true in marked[at:end])
        at = end
    return (ranks - len(true) * (len(true) + 1) / 2) / (len(true) * len(false))


def threshold(true: Sequence[float], false: Sequence[float]) -> float:
    """The middle between the mean logits of true and of false cases (docs/design-notes.md, 2.14); 0 without either."""
    if not true or not false:
        return 0.0
    return (_mean(map(_limited, true)) + _mean(map(_limited, false))) / 2


def share_above(values: Sequence[float], least: float = 0.0) -> float | None:
    """The share of logits above `least`; None without any."""
    return _mean([float(value > least) for value in values]) if values else None


def _limited(value: float) -> float:
    return min(max(value, -MOST_LOGIT), MOST_LOGIT)


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return sum(listed) / len(listed)


WEAK_AUROC, GOOD_AUROC = 0.75, 0.9
"""Below the first, the loop gains little and another judge is needed (design-notes, 2.14); the second is ours."""
MOST_UNREADABLE = 1 / 3
"""With more answers than this unusable, a kind is too weak whatever the others say. Ours."""

Progress = Callable[[int, int], None]
Verdict = Literal["good", "fair", "too weak"]

_NAMED: dict[Kind, str] = {
    "object": "things",
    "attribute": "colours",
    "count": "counts",
    "relation": "positions",
    "text": "writing",
    "absence": "what must not be there",
}


class KindFigures(BaseModel):
    """How one kind did, over both wordings.

    n: usable answers. unreadable: the others. tpr, fpr: share of met and of unmet requirements that the judge called
    met, as it spoke, before any correction. auroc: .5 is chance, 1 perfect; each wording alone, then their mean.
    threshold, threshold_again: logit of the right answer above which it is to be believed, first and second wording,
    whose biases are opposite where the right answers are. separation: half the distance between the mean logits of
    true and of false cases; spread: of logits about these means; agreement: how far the two wordings err alike about a
    scene, as a correlation. None: not to be had from these answers, or not noted by an earlier version.
    """

    model_config = ConfigDict(frozen=True)

    kind: Kind
    n: int
    unreadable: int
    tpr: float | None
    fpr: float | None
    auroc: float | None
    threshold: float
    threshold_again: float
    verdict: Verdict
    separation: float | None = None
    spread: float | None = None
    agreement: float | None = None


class SelfTest(BaseModel):
    """model: as named when asked. digest: of the model, "" where the server tells none. date: ISO 8601, UTC.

    soft: whether all answers came with probabilities.
    """

    model_config = ConfigDict(frozen=True)

    model: str
    digest: str
    date: str
    soft: bool
    kinds: tuple[KindFigures, ...]


class SelfTestReport(SelfTest):
    """words: what the figures mean, in plain sentences."""

    words: list[str]


class _OfOneModel(BaseModel):
    """The model that a self-test is about, and the named connection it was asked on."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)

    connection: str
    model: str


class NoSelfTest(_OfOneModel):
    """No self-test of this model on this connection: none was run, or the last one failed."""

    state: Literal["none", "failed"]
    message: str = ""


class SelfTestRunning(_OfOneModel):
    """done: scenes shown so far, of so many."""

    state: Literal["running"] = "running"
    message: str = ""
    done: int
    of: int


class SelfTestDone(_OfOneModel):
    """message: why runs will not use it, where they will not."""

    state: Literal["done"] = "done"
    message: str = ""
    report: SelfTestReport


SelfTestState = NoSelfTest | SelfTestRunning | SelfTestDone
"""How far the self-test of one model is."""


@dataclass(frozen=True)
class TrialAnswer:
    """holds: the truth. p: probability given to the right answer; None for no usable answer."""

    kind: Kind
    wording: Wording
    holds: bool
    p: float | None


@dataclass(frozen=True)
class SceneAnswers:
    """What one model said about all scenes, in their order. soft: whether all usable ones came with probabilities."""

    model: str
    digest: str
    soft: bool
    answers: tuple[TrialAnswer, ...]

    def tested(self) -> SelfTest:
        """The self-test that they make."""
        date = datetime.now(timezone.utc).isoformat(timespec="seconds")
        kinds = figures_of(self.answers)
        return SelfTest(model=self.model, digest=self.digest, date=date, soft=self.soft, kinds=kinds)


async def run_self_test(model: VisionModel, progress: Progress | None = None) -> SelfTest:
    """Show the model all scenes, each in both wordings. progress: called with scenes done and their number.

    The model is released at the end. Raises ModelUnreachable and whatever ends the model's work on an interrupt.
    """
    return (await ask_scenes(model, progress)).tested()


async def ask_scenes(model: VisionModel, progress: Progress | None = None) -> SceneAnswers:
    """As run_self_test, before anything is made of the answers."""
    await model.check()
    scenes = self_test_scenes()
    answers: list[TrialAnswer] = []
    soft = True
    try:
        digest = await model.digest()
        for number, scene in enumerate(scenes):
            jpeg = await asyncio.to_thread(_jpeg, scene)
            for wording in (1, 2):
                found, with_probabilities = await _asked(model, scene, jpeg, wording, number)
                answers += found
                soft = soft and with_probabilities
            if progress is not None:
                progress(number + 1, len(scenes))
    finally:
        await model.release()
    usable = any(answer.p is not None for answer in answers)
    return SceneAnswers(model.name, digest, soft and usable, tuple(answers))


async def _asked(
    model: VisionModel, scene: Scene, jpeg: bytes, wording: Wording, seed: int
) -> tuple[list[TrialAnswer], bool]:
    """The answers about one scene, as a look asks for them, and whether those that came had probabilities."""
    found, soft = await calibration_query(model, jpeg, scene.checklist, wording, seed)
    trials = [(trial.requirement.kind, trial.holds, found.get(trial.requirement.id)) for trial in scene.trials]
    return [TrialAnswer(kind, wording, holds, p) for kind, holds, p in trials], soft


def figures_of(answers: Sequence[TrialAnswer]) -> tuple[KindFigures, ...]:
    """The figures of each kind that was asked about."""
    asked = {answer.kind for answer in answers}
    return tuple(_figures(kind, [a for a in answers if a.kind == kind]) for kind in KINDS if kind in asked)


def _figures(kind: Kind, answers: Sequence[TrialAnswer]) -> KindFigures:
    def logits(holds: bool, *wordings: Wording) -> list[float]:
        return [logit(a.p) for a in answers if a.p is not None and a.holds == holds and a.wording in wordings]

    areas = [auroc(logits(True, wording), logits(False, wording)) for wording in (1, 2)]
    known = [area for area in areas if area is not None]
    area = sum(known) / len(known) if known else None
    usable = sum(a.p is not None for a in answers)
    weak = area is None or area < WEAK_AUROC or len(answers) - usable > MOST_UNREADABLE * len(answers)
    return KindFigures(
        kind=kind,
        n=usable,
        unreadable=len(answers) - usable,
        tpr=_rounded(share_above(logits(True, 1, 2))),
        fpr=_rounded(share_above(logits(False, 1, 2))),
        auroc=_rounded(area),
        threshold=round(threshold(logits(True, 1), logits(False, 1)), 4),
        threshold_again=round(threshold(logits(True, 2), logits(False, 2)), 4),
        verdict="too weak" if weak else "good" if area >= GOOD_AUROC else "fair",
        **_worth(answers),
    )


def _worth(answers: Sequence[TrialAnswer]) -> dict[str, float]:
    """separation, spread and agreement of KindFigures, of answers in the order in which the scenes were shown."""
    cases = [(a.wording, a.holds, _limited(logit(a.p))) if a.p is not None else None for a in answers]
    means = {}
    for wording in (1, 2):
        for holds in (True, False):
            values = [case[2] for case in cases if case is not None and case[:2] == (wording, holds)]
            if not values:
                return {}
            means[wording, holds] = _mean(values)
    rests = [None if case is None else case[2] - means[case[:2]] for case in cases]
    variance = _mean(rest * rest for rest in rests if rest is not None)
    first, second = ([r for r, a in zip(rests, answers, strict=True) if a.wording == w] for w in (1, 2))
    pairs = [(a, b) for a, b in zip(first, second, strict=False) if a is not None and b is not None]
    apart = [_mean(means[w, h] for w in (1, 2)) for h in (True, False)]
    found = {"separation": round((apart[0] - apart[1]) / 2, 4), "spread": round(math.sqrt(variance), 4)}
    if len(first) == len(second) and pairs and variance > 0:
        found["agreement"] = round(min(max(_mean(a * b for a, b in pairs) / variance, 0.0), 1.0), 4)
    return found


def bias_of(tested: SelfTest) -> Bias:
    """The thresholds to take off this model's answers. A kind that it is too weak for has none."""
    told = [one for one in tested.kinds if one.verdict != "too weak"]
    return Bias(
        thresholds={one.kind: one.threshold for one in told},
        again={one.kind: one.threshold_again for one in told},
        weak=frozenset(one.kind for one in tested.kinds if one.verdict == "too weak"),
    )


def trust_of(tested: SelfTest) -> dict[Kind, float]:
    """The most that requirements of a kind are to be trusted, 0..1; kinds that were not tested are left out."""
    return {one.kind: LOW_TRUST if one.verdict == "too weak" else 1.0 for one in tested.kinds}


def lower_trust(checklist: Checklist, tested: SelfTest | None) -> Checklist:
    """The checklist with less trust in what this judge cannot tell, and notes that say so."""
    if tested is None:
        return checklist
    trust = trust_of(tested)
    lowered = [r.model_copy(update={"trust": min(r.trust, trust.get(r.kind, 1.0))}) for r in checklist.requirements]
    used = {r.kind for r in lowered}
    weak = [_weakness(tested.model, one) for one in tested.kinds if one.kind in used and one.verdict == "too weak"]
    return checklist.model_copy(update={"requirements": tuple(lowered), "notes": (*checklist.notes, *weak)})


def in_words(tested: SelfTest) -> list[str]:
    """What the figures mean, in plain sentences for the user."""
    said = []
    for verdict, how in (("good", "well"), ("fair", "fairly well")):
        named = [_NAMED[one.kind] for one in tested.kinds if one.verdict == verdict]
        if named:
            said.append(f"{tested.model} judges {_listed(named)} {how}.")
    weak = [one for one in tested.kinds if one.verdict == "too weak"]
    said += [_weakness(tested.model, one) for one in weak]
    if weak:
        said.append("Try a larger judge, or one of another family.")
    lost = sum(one.unreadable for one in tested.kinds)
    if lost:
        said.append(f"{lost} of {lost + sum(one.n for one in tested.kinds)} answers could not be used.")
    if not tested.soft and any(one.n for one in tested.kinds):
        said.append(
            "Not all answers came with probabilities, so scores are coarse. Ollama 0.12.11 and newer, "
            "llama.cpp and vLLM give them."
        )
    return said


def self_test_report(tested: SelfTest) -> SelfTestReport:
    return SelfTestReport(**dict(tested), words=in_words(tested))


def _weakness(model: str, one: KindFigures) -> str:
    if one.auroc is None or one.auroc >= WEAK_AUROC:
        why = f"{one.unreadable} of {one.n + one.unreadable} answers about drawn scenes could not be used"
    else:
        # AUROC in words: the chance to rank a true case above a false one.
        why = (
            f"it tells true from false in {int(100 * one.auroc)} of 100 pairs of drawn scenes, where guessing gives 50"
        )
    return f"{model} is too weak for {_NAMED[one.kind]}: {why}. Such requirements weigh half at most."


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _jpeg(scene: Scene) -> bytes:
    """As the judge would get it from a render."""
    pixels = np.asarray(scene.picture(), dtype=np.float32) / 255
    return encode_jpeg(torch.from_numpy(pixels)).jpeg
