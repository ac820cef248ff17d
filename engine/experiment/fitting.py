"""From the looks of experiments to the figures that belief calculates with: how strong a judge is on real pictures, how
far its two wordings err alike, what all pictures of a question share, and how often the user's own words are painted.

Judge and referee both see each picture in two wordings. Whether a requirement is met is not known, only what both say
and, of some pictures, what a person ticked. So it is a mixture with a hidden truth for each picture and requirement:
given the truth, a looker's logits are normal around its threshold plus or minus its separation, and the two lookers are
independent (the latent class model of Dawid and Skene 1979, with normal answers; EM of Dempster, Laird and Rubin 1977).
Errors that judge and referee share are taken for truth unless a person ticked: tick pictures before believing a fit
(docs/design-notes.md, 21.6).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from ..judge.checklist import Kind
from ..judge.checklist_rules import checklist_of_lines
from ..judge.reliability import Reliability
from ..judge.scoring import clip, logit
from ..loop.belief.priors import RATES
from .outcomes import ReportedPrompt
from .record import LookedAtPicture, Looker
from .report import ExperimentReport

FEWEST = 30
"""Pictures with a requirement of a kind, below which that kind is not fitted by itself."""
ROUNDS, SETTLED = 200, 1e-6
LEAST_VARIANCE = 0.05
CERTAIN = 0.9
"""A requirement counts as met, or as not met, where that is at least so probable; others tell nothing of errors."""
PERSON_SURE = 12.0
"""What a person ticked, as log-odds: as the policy takes the user's word."""
KINDS: tuple[Kind, ...] = ("object", "count", "relation", "text", "absence")


class FitUnusable(ValueError):
    """There is too little in the reports. The message says what is missing."""


class KindFit(BaseModel):
    """One kind of requirement, or all together. n: pictures with such a requirement. met: the share that is met.

    judge, referee: as the policy takes reliability: threshold of the first wording. again: threshold of the second.
    """

    model_config = ConfigDict(frozen=True)

    kind: Kind | Literal["all"]
    n: int
    met: float
    judge: Reliability
    judge_again: float
    referee: Reliability


class ExperimentFit(BaseModel):
    """question_spread: standard deviation of an error that all pictures share about a question. common: correlation of
    the errors of judge and referee, None without enough ticked answers. own_words: over RATES. ticked: answers of a
    person that were used."""

    model_config = ConfigDict(frozen=True)

    pictures: int
    ticked: int
    kinds: tuple[KindFit, ...]
    question_spread: float
    common: float | None
    own_words: tuple[float, ...]
    questions: int


@dataclass(frozen=True)
class _Cells:
    """One row for each picture and requirement. judge, referee [n,2]: logits of both wordings. question [n]: number of
    the prompt's requirement. ticked [n]: 1 met, 0 not, nan nobody said. kind [n]."""

    judge: np.ndarray
    referee: np.ndarray
    question: np.ndarray
    ticked: np.ndarray
    kind: np.ndarray


@dataclass
class _Looker:
    """thresholds [2]: by wording. separation, variance, agreement: of one look."""

    thresholds: np.ndarray
    separation: float
    variance: float
    agreement: float

    def ratio(self, logits: np.ndarray) -> np.ndarray:
        """[n]: log-likelihood ratio of met to not met of both wordings together."""
        mean = (logits - self.thresholds).mean(axis=1)
        return 2 * self.separation * mean / (self.variance * (1 + self.agreement) / 2)


def fit_reports(reports: Sequence[ExperimentReport]) -> ExperimentFit:
    """Raises FitUnusable."""
    cells = _cells_of(reports)
    if len(cells.question) < FEWEST:
        raise FitUnusable(
            f"The reports hold {len(cells.question)} answers of both judge and referee in both wordings; a fit takes "
            f"at least {FEWEST}. Measure more prompts."
        )
    met, judge, referee = _fit(cells)
    kinds = [_as_fit("all", cells, met, judge, referee)]
    for kind in KINDS:
        rows = cells.kind == kind
        if rows.sum() >= FEWEST:
            part = _Cells(*(getattr(cells, name)[rows] for name in _Cells.__dataclass_fields__))
            kinds.append(_as_fit(kind, part, *_fit(part)))
    own_words, questions = _own_words(reports, kinds[0].judge)
    return ExperimentFit(
        pictures=sum(len(prompt.pictures) for report in reports for prompt in report.prompts),
        ticked=int((~np.isnan(cells.ticked)).sum()),
        kinds=tuple(kinds),
        question_spread=_question_spread(cells, met, judge),
        common=_common_error(cells, judge, referee),
        own_words=own_words,
        questions=questions,
    )


def fit_lines(fit: ExperimentFit) -> list[str]:
    """As the policy's own files hold these figures."""
    truth = "the referee's word"
    if fit.ticked:
        truth += f", and a person's about {fit.ticked} answers"
    lines = [f"From {fit.pictures} pictures; whether a requirement is met by {truth}.", ""]
    lines.append("engine/judge/reliability.py, by kind (the judge; beside it what the referee is worth):")
    for one in fit.kinds:
        name = "UNTESTED = " if one.kind == "all" else ""
        lines.append(f"  {one.kind}: {name}{_reliability_text(one.judge)}  # n {one.n}, met {one.met:.2f}")
        lines.append(
            f"      second wording: threshold {one.judge_again:.2f}; referee: {_reliability_text(one.referee)}"
        )
    lines += [
        "",
        "engine/loop/belief/judge_reliability.py, an error that all pictures of a question share:",
        f"  BIAS_TESTED = {fit.question_spread:.2f}",
        "",
        f"engine/loop/belief/priors.py, the user's own words over RATES, from {fit.questions} questions:",
        f"  OWN_WORDS = np.array([{', '.join(f'{share:.2f}' for share in fit.own_words)}])",
        "",
    ]
    if fit.common is None:
        lines.append("Errors that judge and referee share: not known. Tick at least 30 answers, and fit again.")
    else:
        lines.append(f"Errors of judge and referee are alike with a correlation of {fit.common:.2f} (0 is assumed).")
    return lines


def _reliability_text(found: Reliability) -> str:
    return (
        f"Reliability(separation={found.separation:.2f}, spread={found.spread:.2f}, agreement={found.agreement:.2f}, "
        f"threshold={found.threshold:.2f})"
    )


def _cells_of(reports: Sequence[ExperimentReport]) -> _Cells:
    rows, questions = [], 0
    for report in reports:
        for prompt in report.prompts:
            kinds = _kinds_of(prompt)
            for picture in prompt.pictures:
                looks = {by: _both(picture.seen, by) for by in ("judge", "referee")}
                for number, name in enumerate(kinds):
                    judge, referee = (looks[by].get(name) for by in ("judge", "referee"))
                    if judge is None or referee is None:
                        continue
                    said = (picture.ticked or {}).get(name)
                    ticked = math.nan if said is None else float(said)
                    rows.append((judge, referee, questions + number, ticked, kinds[name]))
            questions += len(kinds)
    columns = list(zip(*rows, strict=True)) if rows else [(), (), (), (), ()]
    return _Cells(
        judge=np.array(columns[0], dtype=float).reshape(-1, 2),
        referee=np.array(columns[1], dtype=float).reshape(-1, 2),
        question=np.array(columns[2], dtype=int),
        ticked=np.array(columns[3], dtype=float),
        kind=np.array(columns[4], dtype=object),
    )


def _kinds_of(prompt: ReportedPrompt) -> dict[str, Kind]:
    """By requirement id, as the questions are asked."""
    made = checklist_of_lines(prompt.prompt, [one.text for one in prompt.requirements])
    return {one.id: one.kind for one in made.requirements}


def _both(seen: LookedAtPicture, by: Looker) -> dict[str, tuple[float, float]]:
    """By requirement id, the logits of both wordings."""
    first, second = seen.look(by, 1), seen.look(by, 2)
    if first is None or second is None:
        return {}
    return {name: (logit(clip(p)), logit(clip(second.p[name]))) for name, p in first.p.items() if name in second.p}


def _fit(cells: _Cells) -> tuple[np.ndarray, _Looker, _Looker]:
    """(how probable it is that each is met [n], judge, referee), by EM."""
    told = ~np.isnan(cells.ticked)
    clamp = np.where(told, PERSON_SURE * (2 * np.nan_to_num(cells.ticked) - 1), 0.0)
    start = cells.judge.mean(axis=1) + 2 * cells.referee.mean(axis=1)
    met = _sigmoid(np.where(told, clamp, start))
    before = np.zeros_like(met)
    judge = referee = None
    for _ in range(ROUNDS):
        judge, referee = _looker_of(cells.judge, met), _looker_of(cells.referee, met)
        # One that is seen nowhere, or everywhere, is no reason to give up the other possibility.
        share = (met.sum() + 1) / (len(met) + 2)
        odds = math.log(share / (1 - share)) + judge.ratio(cells.judge) + referee.ratio(cells.referee)
        met = _sigmoid(np.where(told, clamp, odds))
        if np.abs(met - before).max() < SETTLED:
            break
        before = met
    return met, judge, referee


def _looker_of(logits: np.ndarray, met: np.ndarray) -> _Looker:
    """The figures of one looker, where each requirement is met so probably."""
    weights = np.stack([met, 1 - met], axis=1) + 1e-6  # [n, met or not]
    means = (weights[:, :, None] * logits[:, None, :]).sum(axis=0) / weights.sum(axis=0)[:, None]
    rest = logits[:, None, :] - means
    total = weights.sum()
    variance = float((weights[:, :, None] * rest**2).sum() / (2 * total))
    shared = float((weights * rest[:, :, 0] * rest[:, :, 1]).sum() / total)
    variance = max(variance, LEAST_VARIANCE)
    separation = float((means[0] - means[1]).mean() / 2)
    return _Looker(
        thresholds=means.mean(axis=0),
        separation=max(separation, 0.05),
        variance=variance,
        agreement=min(max(shared / variance, 0.0), 1.0),
    )


def _as_fit(kind: Kind | Literal["all"], cells: _Cells, met: np.ndarray, judge: _Looker, referee: _Looker) -> KindFit:
    return KindFit(
        kind=kind,
        n=len(cells.question),
        met=round(float(met.mean()), 4),
        judge=_reliability(judge),
        judge_again=round(float(judge.thresholds[1]), 4),
        referee=_reliability(referee),
    )


def _reliability(looker: _Looker) -> Reliability:
    return Reliability(
        separation=round(looker.separation, 4),
        spread=round(math.sqrt(looker.variance), 4),
        agreement=round(looker.agreement, 4),
        threshold=round(float(looker.thresholds[0]), 4),
    )


def _errors(cells: _Cells, met: np.ndarray, logits: np.ndarray, looker: _Looker) -> np.ndarray:
    """[n]: the mean error of both wordings; nan where nobody knows the truth surely enough."""
    sure = (met >= CERTAIN) | (met <= 1 - CERTAIN)
    expected = looker.separation * (2 * np.round(met) - 1)
    return np.where(sure, (logits - looker.thresholds).mean(axis=1) - expected, math.nan)


def _question_spread(cells: _Cells, met: np.ndarray, judge: _Looker) -> float:
    """By the mean product of the errors of two pictures of one question: its expectation is the shared variance."""
    errors = _errors(cells, met, cells.judge, judge)
    products, pairs = 0.0, 0
    for question in np.unique(cells.question):
        own = errors[(cells.question == question) & ~np.isnan(errors)]
        if len(own) > 1:
            products += float(own.sum() ** 2 - (own**2).sum()) / 2
            pairs += len(own) * (len(own) - 1) // 2
    return round(math.sqrt(max(products / pairs, 0.0)), 4) if pairs else 0.0


def _common_error(cells: _Cells, judge: _Looker, referee: _Looker) -> float | None:
    """The correlation of both lookers' errors where a person told the truth."""
    told = ~np.isnan(cells.ticked)
    if told.sum() < FEWEST:
        return None
    truth = np.where(told, cells.ticked, 0.5)
    mine = _errors(cells, truth, cells.judge, judge)[told]
    theirs = _errors(cells, truth, cells.referee, referee)[told]
    return round(float(np.corrcoef(mine, theirs)[0, 1]), 4) if mine.std() > 0 and theirs.std() > 0 else None


def _own_words(reports: Sequence[ExperimentReport], judge: Reliability) -> tuple[tuple[float, ...], int]:
    """How the rates of the user's own words lie over RATES, by all renders of the arm of seeds: the mixture that makes
    the judge's verdicts most likely (by EM). With the number of questions."""
    likelihoods = []
    for report in reports:
        for prompt in report.prompts if report.setup.checklists == "given" else ():
            run = prompt.runs.get("seeds")
            for name in _kinds_of(prompt) if run is not None else ():
                ratios = [
                    math.exp(_verdict_ratio(one.p[name], one.looks, judge))
                    for one in run.verdicts
                    if one.own_words and name in one.p
                ]
                if ratios:
                    odds = np.array(ratios)[:, None]
                    likelihoods.append(np.log(RATES * odds / (1 + odds) + (1 - RATES) / (1 + odds)).sum(axis=0))
    if not likelihoods:
        return tuple([round(1 / len(RATES), 4)] * len(RATES)), 0
    table = np.exp(np.array(likelihoods) - np.max(likelihoods, axis=1, keepdims=True))
    shares = np.full(len(RATES), 1 / len(RATES))
    for _ in range(ROUNDS):
        belongs = table * shares
        shares = (belongs / belongs.sum(axis=1, keepdims=True)).mean(axis=0)
    return tuple(round(float(share), 4) for share in shares), len(likelihoods)


def _verdict_ratio(p: float, looks: int, judge: Reliability) -> float:
    """Log-likelihood ratio of a verdict of the loop, no larger than the policy believes any."""
    variance = judge.spread**2 * ((1 + judge.agreement) / 2 if looks > 1 else 1)
    return float(np.clip(2 * judge.separation * (logit(clip(p)) - judge.threshold) / variance, -5.5, 5.5))


def _sigmoid(values: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(values, -40, 40)))
