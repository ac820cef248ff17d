"""A run read as observations, and what follows from them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property, lru_cache

import numpy as np

from ...judge.checklist import Requirement
from ...judge.critique import Critique, Item
from ...judge.scoring import UNKNOWN, clip, orphans, sigmoid
from ...judge.verdict import merge_looks
from ..batch_pictures import PictureSource
from ..clauses import asks_for, said_by, words_of
from ..run import BatchPicture, Iteration, Run
from .judge_reliability import JudgeReliability, loudness, reliability_arrays
from .observations import Observations
from .posterior import Belief, infer
from .priors import MOST_CLAUSES

HARD_ANSWER = 1.2
"""Logits that a bare yes or no stands for, where no probabilities came with it: right in .8 of cases."""


class RunBelief:
    """What is believed of the pictures and wordings of a run. The run must not change meanwhile.

    iterations: those that count, oldest first: judged by requirements, of the present goal, no repeated picture.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self.requirements: Sequence[Requirement] = run.checklist.requirements if run.checklist is not None else ()
        self.iterations = [i for i in run.comparable if _counts(i)] if self.requirements else []
        self._place = {i.number: at for at, i in enumerate(self.iterations)}

    def __bool__(self) -> bool:
        """Whether anything is known."""
        return bool(self.iterations)

    @cached_property
    def belief(self) -> Belief:
        """Of `observations`. Needs at least one iteration."""
        return believe(self.observations, self.judge)

    @cached_property
    def judge(self) -> JudgeReliability:
        return reliability_arrays(self.requirements, self.run.reliability)

    @cached_property
    def observations(self) -> Observations:
        """The pictures of `iterations`, and behind them the others of their batches."""
        asked = {r.id: q for q, r in enumerate(self.requirements)}
        shape = (len(self.iterations), len(asked))
        arms, beside = np.zeros(shape, dtype=int), np.zeros(shape, dtype=int)
        edit_of, target = np.full(shape[0], -1), np.full(shape[0], -1)
        for at, iteration in enumerate(self.iterations):
            wording = iteration.plan.wording
            beside[at] = len(wording.clauses)
            for name, clause in wording.owned.items():
                if name in asked:
                    arms[at, asked[name]] = self.arm_of(name, clause)
                    beside[at, asked[name]] -= 1
            if iteration.plan.action == "local_edit" and iteration.plan.edit_of in self._place:
                edit_of[at] = self._place[iteration.plan.edit_of]
                target[at] = asked.get(iteration.plan.requirement, -1)
        noises: dict[tuple[int, ...], int] = {}
        batched = [(i, one) for i in self.iterations for one in _others(i)]
        noise = [_noise(i.seed, i.source) for i in self.iterations]
        noise += [_noise(i.seed, one.source, one.index) for i, one in batched]
        others = [one.critique for _, one in batched]
        rows = self.rows
        main = [(i.critique, self.run.relooks.get(i.number)) for i in self.iterations]
        pictures = [*main, *((critique, None) for critique in others)]
        truth = np.array([_truths(critique, list(asked)) for critique, _ in pictures]).reshape(
            len(pictures), len(asked)
        )
        looked = [self.looked_twice(i) for i in self.iterations] + [critique.looks > 1 for critique in others]
        return Observations(
            logits=self._logits(pictures, truth, rows),
            looks=1 + np.array(looked, dtype=int),
            arms=arms[rows],
            beside=np.minimum(beside, MOST_CLAUSES)[rows],
            # The noise of each picture of a batch is its own, and comes again with its seed.
            seeds=np.array([noises.setdefault(one, len(noises)) for one in noise]),
            edit_of=edit_of[rows],
            target=target[rows],
            truth=truth,
            said=np.array([asks_for(self.run.start.settings.prompt, r) for r in self.requirements]),
            blank=self._blank(),
            known=self._known(),
        )

    @cached_property
    def rows(self) -> np.ndarray:
        """[n]: by row of the observations, the place of its iteration in `iterations`."""
        alone = np.arange(len(self.iterations))
        return np.concatenate([alone, np.repeat(alone, [len(_others(i)) for i in self.iterations])])

    def _logits(
        self, pictures: Sequence[tuple[Critique, Critique | None]], truth: np.ndarray, rows: np.ndarray
    ) -> np.ndarray:
        """[n,K]: the mean of each picture's looks, nan where they tell nothing; what was seen in a blank picture is
        evidence of its own, so its correction is taken back. pictures: with their second looks; rows: iterations."""
        asked = [r.id for r in self.requirements]
        looks = np.full((2, len(pictures), len(asked)), np.nan)
        for at, (critique, again) in enumerate(pictures):
            if again is not None and again.looks > 1:
                looks[0, at] = _chances(again, asked)
                continue
            looks[0, at] = _chances(critique, asked)
            if again is not None and again.score is not None:
                looks[1, at] = _chances(again, asked)
        looks = np.log(looks / (1 - looks))
        known = next((at for at, i in enumerate(self.iterations) if i.critique.blank is not None), None)
        if known is not None:
            blank = np.array([(self.run.blank or {}).get(name, 0.0) for name in asked])
            corrected = np.where(blank > 0, np.maximum(blank - self._thresholds, 0.0), 0.0)
            looks[0] += corrected * (rows >= known)[:, None]
            looks[1] += corrected
        second = ~np.isnan(looks[1])
        mean = np.where(np.isnan(looks[0]), looks[1], np.where(second, (looks[0] + looks[1]) / 2, looks[0]))
        if any(r.parents for r in self.requirements):
            failed = np.where(np.isnan(truth), looks[0], truth - 0.5) < 0
            for row, missed in zip(mean, failed, strict=True):
                lost = orphans(self.requirements, [asked[q] for q in np.flatnonzero(missed)])
                row[[q for q, name in enumerate(asked) if name in lost]] = np.nan
        return mean

    def _blank(self) -> np.ndarray:
        """[K]: the logits on a blank picture without the judge's threshold, nan where nobody asked."""
        blank = self.run.blank or {}
        return np.array([blank.get(r.id, np.nan) for r in self.requirements]) - self._thresholds

    @property
    def _thresholds(self) -> np.ndarray:
        tested = self.run.reliability
        return np.array([tested[r.kind].threshold if r.kind in tested else 0.0 for r in self.requirements])

    def arm_of(self, requirement: str, clause: str) -> int:
        """The number of a clause among those of its requirement, by its words."""
        known = self._arms.setdefault(requirement, {})
        return known.setdefault(words_of(clause), len(known) + 1)

    @cached_property
    def _arms(self) -> dict[str, dict[frozenset[str], int]]:
        return {}

    @cached_property
    def clauses(self) -> dict[tuple[str, int], str]:
        """The words of each arm, as used last."""
        found = {}
        for name, past in self.run.past_wordings.items():
            for wording in past:
                found[name, self.arm_of(name, wording.clause)] = wording.clause
        for iteration in self.iterations:
            for name, clause in iteration.plan.wording.owned.items():
                found[name, self.arm_of(name, clause)] = clause
        return found

    def _known(self) -> dict[tuple[int, int], tuple[float, float]]:
        """What past runs saw of clauses, except those that the user's prompt has by now."""
        found: dict[tuple[int, int], tuple[float, float]] = {}
        for q, requirement in enumerate(self.requirements):
            for past in self.run.past_wordings.get(requirement.id, ()):
                if not said_by(self.run.start.settings, past.clause):
                    arm = self.arm_of(requirement.id, past.clause)
                    found[q, arm] = (min(past.met, past.shown), max(past.shown - past.met, 0.0))
        return found

    def looked_twice(self, iteration: Iteration) -> bool:
        again = self.run.relooks.get(iteration.number)
        return iteration.critique.looks > 1 or (again is not None and again.score is not None)

    def critique_of(self, iteration: Iteration) -> Critique:
        """Of both looks where there were two."""
        again = self.run.relooks.get(iteration.number)
        if again is None or again.score is None or iteration.critique.looks > 1:
            return iteration.critique
        if again.looks > 1:
            return again
        return merge_looks(iteration.critique, again, self.run.checklist, self.run.start.pass_score)

    @cached_property
    def standing(self) -> dict[int, float]:
        """By iteration number, how probable it is that its picture meets everything."""
        if not self:
            return {}
        return {i.number: float(p) for i, p in zip(self.iterations, self.belief.all_met, strict=False)}

    @cached_property
    def ranking(self) -> list[Iteration]:
        """The iterations but for reverted repairs, the leading one first; the earlier one on a tie. The user's own pick
        stays ahead of what was made before it."""
        pool = [i for i in self.iterations if not i.reverted] or self.iterations
        taken = self.run.taken
        if taken is not None and taken.iteration in self._place:
            pool = [i for i in self.iterations if i.number == taken.iteration or (i.number > taken.after and i in pool)]
        known = self.run.model_copy(update={"standing": self.standing})
        return sorted(pool, key=lambda i: (known.rank_of(i), -i.number), reverse=True)

    @property
    def leader(self) -> Iteration | None:
        """The picture that would be returned now."""
        return self.ranking[0] if self else None

    @property
    def front(self) -> Iteration | None:
        """The best of the pictures that were made since the user continued the run; of a run never continued, the
        leader."""
        return next((i for i in self.ranking if i.number > self.run.continued_after), None) if self else None

    @property
    def pictures_a_render(self) -> int:
        """How many pictures the latest render of a whole picture gave."""
        whole = [i for i in self.iterations if i.plan.action != "local_edit"]
        return len(whole[-1].pictures) if whole else 1

    def place(self, iteration: Iteration) -> int:
        """Where it stands in the arrays."""
        return self._place[iteration.number]

    def if_confirmed(self, iteration: Iteration) -> float:
        """How probable it would be that its picture meets everything, had a second look found what the first did."""
        looks = self.observations.looks.copy()
        looks[self.place(iteration)] = 2
        belief = believe(replace(self.observations, looks=looks), self.judge)
        return float(belief.all_met[self.place(iteration)])

    def if_denied(self, requirement: int, iterations: Sequence[Iteration]) -> Belief:
        """What would be believed, had a second look at each of these pictures not found a requirement that they miss,
        as a judge of this reliability answers there. requirement: by its place in the checklist."""
        seen, judge = self.observations, self.judge
        logits, looks = seen.logits.copy(), seen.looks.copy()
        at = [self.place(i) for i in iterations]
        unmet = -judge.separation[requirement] * loudness(seen.logits, judge)
        first = logits[at, requirement]
        logits[at, requirement] = (first + unmet + judge.alike[requirement] * (first - unmet)) / 2
        looks[at] = 2
        return believe(replace(seen, logits=logits, looks=looks), judge)


def _counts(iteration: Iteration) -> bool:
    return _judged(iteration.critique) and iteration.duplicate_of is None


def _judged(critique: Critique) -> bool:
    return critique.score is not None and critique.sees_content and bool(critique.items)


def _others(iteration: Iteration) -> list[BatchPicture]:
    """The other pictures of its batch that say something about its words."""
    return [] if iteration.plan.action == "local_edit" else [one for one in iteration.others if _judged(one.critique)]


def _noise(seed: int, source: PictureSource | None, index: int = 0) -> tuple[int, ...]:
    """What a picture was painted from. index: in its batch, where nothing better is known."""
    return (seed, index) if source is None else (source.seed, source.place)


def _chances(critique: Critique, asked: Sequence[str]) -> list[float]:
    """What a look found for each requirement, .02 to .98, nan where it told nothing; a bare word stands for
    HARD_ANSWER."""
    items: Sequence[Item | None] = critique.items
    if [item.id for item in critique.items] != asked:
        by_id = {item.id: item for item in critique.items}
        items = [by_id.get(name) for name in asked]
    return [_chance(item, critique.soft) for item in items]


def _chance(item: Item | None, soft: bool) -> float:
    if item is None or not item.told:
        return math.nan
    # Where the user says otherwise, what the judge saw is evidence of the judge: see _truths.
    p = item.p if item.judged is None else item.judged
    if soft or item.weighed or p == UNKNOWN:
        return clip(p)
    return sigmoid(HARD_ANSWER if p > UNKNOWN else -HARD_ANSWER)


def _truths(critique: Critique, asked: Sequence[str]) -> list[float]:
    """1 or 0 where the user has said whether the picture meets a requirement, else nan."""
    told = {item.id: float(item.passed) for item in critique.items if item.judged is not None}
    return [told.get(name, math.nan) for name in asked]


class SameRun:
    """A run as a key, by identity: it never changes."""

    def __init__(self, run: Run) -> None:
        self.run = run

    def __hash__(self) -> int:
        return id(self.run)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SameRun) and self.run is other.run


def believe_run(run: Run) -> RunBelief:
    """The run's belief, remembered: it is asked about several times between two renders."""
    return _believe_run(SameRun(run))


def with_standing(run: Run) -> Run:
    """The run with how surely each of its pictures meets everything by now."""
    return run.model_copy(update={"standing": believe_run(run).standing})


@lru_cache(maxsize=4)
def _believe_run(asked: SameRun) -> RunBelief:
    return RunBelief(asked.run)


class _Keyed:
    """Arguments of `infer` that compare by content, for the cache."""

    def __init__(self, seen: Observations, judge: JudgeReliability) -> None:
        self.seen, self.judge = seen, judge
        arrays = [value for part in (seen, judge) for value in vars(part).values() if isinstance(value, np.ndarray)]
        self.key = (seen.logits.shape, tuple(sorted(seen.known.items())), b"".join(a.tobytes() for a in arrays))

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Keyed) and self.key == other.key


def believe(seen: Observations, judge: JudgeReliability) -> Belief:
    """infer, remembered: the same run is asked about several times between two renders."""
    return _believe(_Keyed(seen, judge))


@lru_cache(maxsize=16)
def _believe(asked: _Keyed) -> Belief:
    return infer(asked.seen, asked.judge)
