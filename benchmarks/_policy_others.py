"""What others do, in the same worlds: each function plays one world and tells what it would return with each budget.

After policy_sim of the project's research. Where a policy judges by checklist it gets the pack's own score, the strict
done of two looks and the final second look over the top three, so that only the search differs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ..engine.judge.checklist import Checklist
from ._policy_ours import Result
from ._policy_score import Marks, marks, marks_again
from ._policy_world import (
    BASE_TOKENS,
    LONG_CLAUSE,
    MOST_CLAUSES,
    MOST_RENDERS,
    SHORT_CLAUSE,
    Picture,
    World,
)

Player = Callable[[World, Checklist, tuple[int, ...]], dict[int, Result]]
TOP, ROUND = 3, 4
GOOD_ENOUGH = 0.7
"""The score at which quality-gate workflows stop retrying."""


@dataclass
class _Look:
    picture: Picture
    marks: Marks

    @property
    def logits(self) -> np.ndarray:
        return np.log(self.marks.chances / (1 - self.marks.chances))

    @property
    def score(self) -> float:
        return self.marks.score


@dataclass
class _Search:
    """The pictures of one run judged by checklist."""

    world: World
    looks: list[_Look] = field(default_factory=list)
    blank: np.ndarray | None = None

    def judge(self, picture: Picture) -> _Look:
        found = marks(self.world, picture, self.blank)
        self.blank = self.blank if found.blank is None else found.blank
        self.looks.append(_Look(picture, found))
        return self.looks[-1]

    @property
    def over(self) -> bool:
        return len(self.looks) >= MOST_RENDERS or (bool(self.looks) and self.looks[-1].marks.passed)

    @property
    def best(self) -> _Look:
        return max(self.looks, key=lambda one: one.score)

    def results(self, budgets: tuple[int, ...]) -> dict[int, Result]:
        return {budget: self._result(self.looks[:budget]) for budget in budgets}

    def _result(self, looks: list[_Look]) -> Result:
        if looks[-1].marks.passed:
            return Result(looks[-1].picture, len(looks), True)
        top = sorted(looks, key=lambda one: -one.score)[:TOP]
        return Result(max(top, key=self._twice).picture, len(looks), False)

    def _twice(self, one: _Look) -> float:
        if one.marks.looks > 1:
            return one.score
        return (one.score + marks_again(self.world, one.picture, self.blank).score) / 2


def single(world: World, asked: Checklist, budgets: tuple[int, ...]) -> dict[int, Result]:
    """One render."""
    return dict.fromkeys(budgets, Result(world.paint(0), 1, False))


def naive(world: World, asked: Checklist, budgets: tuple[int, ...]) -> dict[int, Result]:
    """One free-form call judges and edits: append to prompt and negative, nudge cfg, sometimes reseed; the last."""
    rng = np.random.default_rng([world.kind.requirements, int(abs(world.cfg_gap) * 1e9)])
    pictures: list[Picture] = []
    clauses: list[tuple[int, int]] = []
    seed, cfg, done = 0, 0.0, False
    while not done and len(pictures) < MOST_RENDERS:
        n = len(pictures)
        picture = world.paint(n, clauses, BASE_TOKENS + LONG_CLAUSE * len(clauses), seed, cfg, 4 + 2 * n)
        pictures.append(picture)
        logits, _ = world.look(picture, holistic=True)
        done = bool((logits > 0).all())
        for requirement in np.flatnonzero(logits <= 0)[:2].tolist():
            clauses.append((requirement, sum(c[0] == requirement for c in clauses) % MOST_CLAUSES))
        if rng.random() < 0.3:
            cfg += 0.5 if rng.random() < 0.5 else -0.5
        if rng.random() < 0.2:
            seed = n + 1 if n + 1 < MOST_RENDERS else seed
    return {
        b: Result(pictures[min(b, len(pictures)) - 1], min(b, len(pictures)), done and len(pictures) <= b)
        for b in budgets
    }


def qa_retry(world: World, asked: Checklist, budgets: tuple[int, ...]) -> dict[int, Result]:
    """New seeds until a free-form score is good enough; the last."""
    pictures: list[Picture] = []
    done = False
    while not done and len(pictures) < MOST_RENDERS:
        pictures.append(world.paint(len(pictures), seed=len(pictures)))
        logits, quality = world.look(pictures[-1], holistic=True)
        done = 0.85 * float((1 / (1 + np.exp(-logits))).mean()) + 0.15 * quality >= GOOD_ENOUGH
    return {
        b: Result(pictures[min(b, len(pictures)) - 1], min(b, len(pictures)), done and len(pictures) <= b)
        for b in budgets
    }


def best_of_n(world: World, asked: Checklist, budgets: tuple[int, ...]) -> dict[int, Result]:
    """New seeds, the same words; the best by checklist."""
    search = _Search(world)
    while not search.over:
        n = len(search.looks)
        search.judge(world.paint(n, seed=n))
    return search.results(budgets)


def rewrite(world: World, asked: Checklist, budgets: tuple[int, ...]) -> dict[int, Result]:
    """The simple loop (design-notes, 4.8): one fresh clause for each item that failed in the last picture, new seeds,
    no memory, no plateau; at most three clauses, the worst items first."""
    search = _Search(world)
    clauses: list[tuple[int, int]] = []
    used = [0] * world.kind.requirements
    while not search.over:
        n = len(search.looks)
        logits = search.judge(world.paint(n, clauses, BASE_TOKENS + SHORT_CLAUSE * len(clauses), n)).logits
        clauses = []
        for requirement in [i for i in np.argsort(logits).tolist() if logits[i] <= 0][:3]:
            clauses.append((requirement, used[requirement] % MOST_CLAUSES))
            used[requirement] += 1
    return search.results(budgets)


def restart_from_best(world: World, asked: Checklist, budgets: tuple[int, ...]) -> dict[int, Result]:
    """Evolve from the best: its words with one new clause for each requirement that fails in it, at most three at a
    time, on a new seed; what does not beat it is forgotten."""
    search = _Search(world)
    words: dict[int, int] = {}
    best_words: dict[int, int] = {}
    best: _Look | None = None
    used = [0] * world.kind.requirements
    while not search.over:
        n = len(search.looks)
        now = search.judge(world.paint(n, list(words.items()), BASE_TOKENS + SHORT_CLAUSE * len(words), n))
        if best is None or now.score > best.score:
            best, best_words = now, words
        words = _rewritten(best, best_words, used)
    return search.results(budgets)


def population(world: World, asked: Checklist, budgets: tuple[int, ...]) -> dict[int, Result]:
    """As RAISE searches: rounds of four, half of them fresh seeds of the best's words, half fresh seeds of a rewrite
    that adds a clause for each requirement failing in the best. Never a seed twice; the best of all rounds."""
    search = _Search(world)
    words: dict[int, int] = {}
    best: _Look | None = None
    used = [0] * world.kind.requirements
    while not search.over:
        rewrite = words if best is None else _rewritten(best, words, used)
        before = best
        for place in range(ROUND):
            if search.over:
                break
            n, said = len(search.looks), words if place < ROUND // 2 else rewrite
            now = search.judge(world.paint(n, list(said.items()), BASE_TOKENS + SHORT_CLAUSE * len(said), n))
            if best is None or now.score > best.score:
                best, best_said = now, said
        words = best_said if best is not before else words
    return search.results(budgets)


def _rewritten(best: _Look, words: dict[int, int], used: list[int]) -> dict[int, int]:
    """The words with a new clause for each of at most three requirements that fail in the best, the worst first."""
    failing = [i for i in np.argsort(best.logits).tolist() if best.logits[i] <= 0][:3]
    changed = dict(words)
    for requirement in failing:
        changed[requirement] = used[requirement] % MOST_CLAUSES
        used[requirement] += 1
    return changed


def hill_climb(world: World, asked: Checklist, budgets: tuple[int, ...]) -> dict[int, Result]:
    """After three seeds, edit the best picture's words on its own seed; a new seed only when stuck or luck decides."""
    search = _Search(world)
    words: dict[int, int] = {}
    seeds: list[int] = []
    next_seed, rejections = 0, 0
    tried = [0] * world.kind.requirements
    used = [0] * world.kind.requirements
    records: dict[tuple, list[np.ndarray]] = {}
    while not search.over:
        n = len(search.looks)
        best = search.best if n else None
        targets: list[int] = []
        if n >= 3:
            order = np.argsort(best.logits).tolist()
            fails = [i for i in order if best.logits[i] <= 0] or order[:1]
            rates = np.mean([1 / (1 + np.exp(-2 * logits)) for logits in records[tuple(words.items())]], axis=0)
            wording = [i for i in fails if rates[i] < 0.5 and tried[i] < 2]
            targets = wording[:2] if rejections < 2 else []
        new = {i: which for i, which in words.items() if i not in targets}
        for i in targets:
            new[i] = used[i] % MOST_CLAUSES
            used[i] += 1
        if targets:
            seed = seeds[search.looks.index(best)]
        else:
            seed, next_seed, rejections = next_seed, next_seed + 1, 0
        seeds.append(seed)
        now = search.judge(world.paint(n, list(new.items()), BASE_TOKENS + SHORT_CLAUSE * len(new), seed))
        records.setdefault(tuple(new.items()), []).append(now.logits)
        better = best is None or now.score > best.score + 0.01
        if targets:
            change = 1 / (1 + np.exp(-now.logits)) - 1 / (1 + np.exp(-best.logits))
            gain = float(change[targets].sum())
            if better or (gain > 0.25 and float(change.sum()) > -0.15):
                words = new
            else:
                for i in targets:
                    tried[i] += 1
        rejections = 0 if better else rejections + 1
    return search.results(budgets)
