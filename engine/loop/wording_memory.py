"""What past runs teach: the clauses that got a requirement painted, by model family.

A clause that worked is tried first when the same requirement fails again under a model of the same family. Older
figures count less and less, so that words which stopped working, after a change of model or of taste, are forgotten
(docs/design-notes.md, 5). The user's prompt and goal are not kept: only requirements and the clauses added for them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, RootModel

from ..judge.checklist import Checklist
from ..judge.letters import words_in
from ..judge.words import first_words, plain_words
from .clauses import MAX_CLAUSE_WORDS, words_of
from .evidence import OWN, RunEvidence, success_rate
from .ports import WordingStore
from .run import Run

WORKED = 0.6
"""A clause that meets its requirement less often than this is not brought back."""
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

    def success_rate(self, now: float) -> float:
        """How often the clause is met, by figures that count less the older they are."""
        share = self.share(now)
        return success_rate(self.shown * share, min(self.met, self.shown) * share)


Wordings = tuple[Known, ...]


class RememberedWordings(RootModel[dict[str, dict[str, Wordings]]]):
    """By model family and requirement (see key_of): the clauses that were tried for it."""

    model_config = ConfigDict(frozen=True)

    root: dict[str, dict[str, Wordings]] = Field(default_factory=dict)


def key_of(text: str) -> str:
    """A requirement's text as it is looked up: lower case, words only."""
    return " ".join(words_in(text.lower()))


def recall_wordings(memory: RememberedWordings, family: str, checklist: Checklist, now: float) -> dict[str, str]:
    """By requirement id, the clause that worked best for it. Requirements without one that works are left out."""
    known = memory.root.get(family, {})
    found = {}
    for requirement in checklist.requirements:
        usable = [one for one in known.get(key_of(requirement.text), ()) if words_of(one.clause)]
        best = max(usable, key=lambda one: (one.success_rate(now), one.used), default=None)
        if best is not None and best.success_rate(now) >= WORKED:
            found[requirement.id] = best.clause
    return found


def learn_wordings(memory: RememberedWordings, run: Run, now: float) -> RememberedWordings:
    """The memory with what an ended run found out about clauses.

    Of a run that the user continued only the part since then: the rest was learned at its earlier end. Figures of a
    requirement that the run tried no clause for stay as they are; so does all of it when it tried none.
    """
    since = run.model_copy(update={"fresh_from": max(run.fresh_from, run.continued_after + 1)})
    tried = RunEvidence(since).clause_stats
    known = dict(memory.root.get(run.family, {}))
    aged = 1.0 if run.continued_after else AT_A_RUN
    taught = False
    for requirement in run.checklist.requirements if run.checklist is not None else ():
        new = {clause: figures for clause, figures in tried.get(requirement.id, {}).items() if clause != OWN}
        key = key_of(requirement.text)
        if new and key:
            known[key] = _merged(known.get(key, ()), new, aged, now)
            taught = True
    return _trimmed(memory.root | {run.family: known}, now) if taught else memory


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
    usable.sort(key=lambda one: (min(one.used, now), one.success_rate(now)), reverse=True)
    return tuple(usable[:MOST_WORDINGS])


class WordingMemory:
    """teacher: None where nothing is kept. Its calls read and write files, so they go to threads."""

    def __init__(self, wording_store: WordingStore | None) -> None:
        self._store = wording_store

    async def recalled(self, run: Run) -> Run:
        """The run with the clauses that worked in past runs for its checklist, where it has one."""
        if self._store is None or run.checklist is None:
            return run
        try:
            known = await asyncio.to_thread(self._store.recall, run.family, run.checklist)
        except Exception:
            logging.exception("Imitatoes: what past runs taught could not be read")
            return run
        return run.model_copy(update={"remembered": known})

    async def learn(self, run: Run) -> None:
        """Keep what an ended run found out about clauses."""
        if self._store is None or run.checklist is None:
            return
        try:
            await asyncio.to_thread(self._store.learn, run)
        except Exception:
            logging.exception("Imitatoes: what run %s taught could not be kept", run.id)
