"""What past runs teach: how often clauses got a requirement painted, by model family.

A new run's belief starts from these counts when it has the same requirement under a model of the same family. Older
figures count less and less, so that words which stopped working, after a change of model or of taste, are forgotten
(docs/design-notes.md, 5). The user's prompt and goal are not kept: only requirements and the clauses added for them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import Annotated

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, RootModel

from ..judge.checklist import Checklist
from ..judge.letters import words_in
from ..judge.words import first_words, plain_words
from .belief.observations import OWN
from .belief.run_belief import RunBelief
from .clauses import MAX_CLAUSE_WORDS, words_of
from .plan import PastWording
from .ports import WordingStore
from .run import Run

BELIEVED = 2.0
"""The most pictures that a clause's past counts for: what this run sees soon weighs more."""
HALF_LIFE = 30 * 24 * 3600.0
"""Seconds after which figures count half."""
AT_A_RUN = 0.5
"""What older figures of a requirement still count when a new run tried clauses for it (docs/design-notes.md, 5.1)."""
MOST_WORDINGS = 5
"""Clauses kept for a requirement."""
MOST_REQUIREMENTS = 500
"""Requirements kept, of all families together."""
CLAUSE_LENGTH = 120

Figure = Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)]


def _safe_clause(value: object) -> str:
    """Plain words, few of them, whoever wrote the file."""
    return first_words(plain_words(value, CLAUSE_LENGTH), MAX_CLAUSE_WORDS)


class Known(BaseModel):
    """A clause, in how many renders it was used (shown), how often it was met (sum of probabilities), and when last.

    The figures are as of `used`, in epoch seconds.
    """

    model_config = ConfigDict(frozen=True)

    clause: Annotated[str, BeforeValidator(_safe_clause)]
    met: Figure
    shown: Figure
    used: Figure

    def share(self, now: float) -> float:
        """How much of the figures still counts. A time in the future, from a clock put right, is taken as now."""
        return 0.5 ** (max(0.0, now - self.used) / HALF_LIFE)

    def counted(self, now: float) -> PastWording:
        """As a new run starts from it, without what has faded."""
        share = self.share(now)
        shown = self.shown * share
        believed = min(1.0, BELIEVED / shown) if shown > 0 else 0.0
        return PastWording(clause=self.clause, met=min(self.met * share, shown) * believed, shown=shown * believed)


Wordings = tuple[Known, ...]


class RememberedWordings(RootModel[dict[str, dict[str, Wordings]]]):
    """By model family and requirement (see key_of): the clauses that were tried for it."""

    model_config = ConfigDict(frozen=True)

    root: dict[str, dict[str, Wordings]] = Field(default_factory=dict)


def key_of(text: str) -> str:
    """A requirement's text as it is looked up: lower case, words only."""
    return " ".join(words_in(text.lower()))


def recall_wordings(
    memory: RememberedWordings, family: str, checklist: Checklist, now: float
) -> dict[str, tuple[PastWording, ...]]:
    """By requirement id, the clauses tried for it, the last one first. Requirements without any are left out."""
    known = memory.root.get(family, {})
    found = {}
    for requirement in checklist.requirements:
        usable = tuple(one.counted(now) for one in known.get(key_of(requirement.text), ()) if words_of(one.clause))
        if usable:
            found[requirement.id] = usable
    return found


def learn_wordings(memory: RememberedWordings, run: Run, now: float) -> RememberedWordings:
    """The memory with what an ended run found out about clauses.

    Of a run that the user continued only the part since then: the rest was learned at its earlier end. Figures of a
    requirement that the run tried no clause for stay as they are; so does all of it when it tried none.
    """
    since = run.model_copy(update={"fresh_from": max(run.fresh_from, run.continued_after + 1)})
    tried = _counts(since)
    known = dict(memory.root.get(run.family, {}))
    aged = 1.0 if run.continued_after else AT_A_RUN
    taught = False
    for requirement in run.checklist.requirements if run.checklist is not None else ():
        new = tried.get(requirement.id, {})
        key = key_of(requirement.text)
        if new and key:
            known[key] = _merged(known.get(key, ()), new, aged, now)
            taught = True
    return _trimmed(memory.root | {run.family: known}, now) if taught else memory


def _counts(run: Run) -> dict[str, dict[str, tuple[int, float]]]:
    """By requirement id and clause: in how many pictures it was tried, and how many of them are believed to meet it.

    What the user took as the best meets everything. What past runs taught does not count again.
    """
    beliefs = RunBelief(run.model_copy(update={"past_wordings": {}}))
    found: dict[str, dict[str, tuple[int, float]]] = {}
    if not beliefs:
        return found
    seen, met = beliefs.observations, beliefs.belief.met
    for at, place in enumerate(beliefs.rows.tolist()):
        if seen.edit_of[at] >= 0:
            continue
        chosen = run.taken is not None and run.taken.iteration == beliefs.iterations[place].number
        taken = chosen and at == place
        for q, requirement in enumerate(beliefs.requirements):
            arm = int(seen.arms[at, q])
            if arm != OWN and (taken or not np.isnan(seen.logits[at, q])):
                clause = beliefs.clauses[requirement.id, arm]
                count, total = found.setdefault(requirement.id, {}).get(clause, (0, 0.0))
                found[requirement.id][clause] = (count + 1, total + (1.0 if taken else float(met[at, q])))
    return found


def _merged(old: Wordings, new: dict[str, tuple[int, float]], aged: float, now: float) -> Wordings:
    """Old clauses, aged, with the new figures (count, sum of probabilities) added."""
    kept = {
        one.clause.lower(): one.model_copy(update={"met": one.met * aged, "shown": one.shown * aged}) for one in old
    }
    for text, (count, total) in new.items():
        fresh = Known(clause=text, met=total, shown=count, used=now)
        before = kept.get(fresh.clause.lower())
        if before is not None:
            share = before.share(now)
            met, shown = total + before.met * share, count + before.shown * share
            fresh = fresh.model_copy(update={"met": met, "shown": shown})
        kept[fresh.clause.lower()] = fresh
    return tuple(kept.values())


def _trimmed(families: dict[str, dict[str, Wordings]], now: float) -> RememberedWordings:
    """Without what is empty, and without the stalest beyond the limits."""
    rows = [
        (family, key, wordings)
        for family, known in families.items()
        for key, all_of_it in known.items()
        if (wordings := _freshest(all_of_it, now))
    ]
    rows.sort(key=lambda row: min(row[2][0].used, now), reverse=True)
    kept: dict[str, dict[str, Wordings]] = {}
    for family, key, wordings in rows[:MOST_REQUIREMENTS]:
        kept.setdefault(family, {})[key] = wordings
    return RememberedWordings(kept)


def _freshest(wordings: Iterable[Known], now: float) -> Wordings:
    """At most MOST_WORDINGS that say something, the one used last first, of those used at one time the better first."""
    usable = [one for one in wordings if words_of(one.clause)]
    usable.sort(key=lambda one: (min(one.used, now), one.met / max(one.shown, 1.0)), reverse=True)
    return tuple(usable[:MOST_WORDINGS])


class WordingMemory:
    """wording_store: None where nothing is kept. Its calls read and write files, so they go to threads.

    A run of an experiment neither learns from past runs nor teaches later ones: what is measured must not depend on
    what was measured before it.
    """

    def __init__(self, wording_store: WordingStore | None) -> None:
        self._store = wording_store

    async def recalled(self, run: Run) -> Run:
        """The run with the clauses that past runs tried for its checklist, where it has one."""
        if self._store is None or run.checklist is None or run.measured:
            return run
        try:
            known = await asyncio.to_thread(self._store.recall, run.family, run.checklist)
        except Exception:
            logging.exception("Imitatoes: what past runs taught could not be read")
            return run
        return run.model_copy(update={"past_wordings": known})

    async def learn(self, run: Run) -> None:
        """Keep what an ended run found out about clauses."""
        if self._store is None or run.checklist is None or run.measured:
            return
        try:
            await asyncio.to_thread(self._store.learn, run)
        except Exception:
            logging.exception("Imitatoes: what run %s taught could not be kept", run.id)
