"""How well a judge tells true from false, in numbers. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .scoring import MOST, logit

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
    """The middle between the mean logits of true and of false cases (loop-science, 3.4); 0 without either."""
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
