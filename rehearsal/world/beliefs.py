"""What a judge believes about one picture: how likely each answer to a question is, by the pixels and its own error.

The error of the log-odds is fixed: the same picture and question always get the same one, and the same question in
other words keeps 60 % of it. So asking again teaches nothing, and rephrasing teaches a little.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log, sqrt
from statistics import NormalDist

from .facts import BESIDE, LEAST_SHARPNESS, OVER_SATURATED, WASHED_OUT, lead, margin, members
from .misreading import chance, misspelt
from .questions import At, Before, Fact, Ground, Number, Query, Tinted, Written
from .reading import comparable
from .scene import COLOURS, Group
from .seeing import SeenPicture, SeenShape

Belief = dict[str, float]
"""Probability by answer; they add up to 1."""

KEPT_BY_REWORDING = 0.6
LEVELS = {"excellent": 1.0, "good": 0.75, "fair": 0.5, "poor": 0.25, "bad": 0.0}
QUALITIES = ("artifacts", "composition", "faces", "text")
_CLEAR = 4.5
"""Log-odds of what is plainly to be seen."""
_MOST = 6.0
_HIGHEST = 12


@dataclass(frozen=True)
class Eye:
    """Looks at one picture. fingerprint: of its bytes. doubt: standard deviation of the error, in log-odds."""

    view: SeenPicture
    fingerprint: str
    doubt: float = 0.0

    def answer(self, query: Query, asked: str, wording: str) -> Belief:
        """What to say. asked: "yes/no", "number" or "one word"; a question not understood gets no, 0 or unknown."""
        if asked == "yes/no":
            odds = self._yes(query, wording) if query.facts else -_CLEAR
            return {"yes": _chance(odds), "no": _chance(-odds)}
        if asked == "number":
            return self._number(query.group, wording) if query.wanted == "number" else {"0": 1.0}
        match query.wanted:
            case "background":
                return self._ground(wording)
            case "colour":
                return self._colour(query.group, wording)
            case "word":
                return self._word(wording)
            case "number":
                return self._number(query.group, wording)
        return {"unknown": 1.0}

    def quality(self, name: str) -> Belief:
        """Of one of QUALITIES, in five levels."""
        level = self._level(name) + 0.06 * self._error(f"quality {name}", "")
        weights = {word: exp(-abs(level - value) / 0.09) for word, value in LEVELS.items()}
        return _normal(weights)

    def _error(self, fact: str, wording: str) -> float:
        if not self.doubt:
            return 0.0
        lasting = _bell(chance(self.fingerprint, fact))
        own = _bell(chance(self.fingerprint, fact, " ".join(wording.lower().split())))
        return self.doubt * (sqrt(KEPT_BY_REWORDING) * lasting + sqrt(1 - KEPT_BY_REWORDING) * own)

    def _yes(self, query: Query, wording: str) -> float:
        odds = min(self._odds(fact, wording) for fact in query.facts)
        return -odds if query.denied else odds

    def _odds(self, fact: Fact, wording: str) -> float:
        """Log-odds that the fact holds."""
        match fact:
            case Number(group, low, high):
                belief = self._number(group, wording)
                return _odds(sum(p for number, p in belief.items() if low <= int(number) <= high))
            case Before():
                return self._before(fact, wording)
            case At(group, where):
                return self._at(group, where, wording)
            case Ground(colour):
                return _odds(self._ground(wording).get(colour, 0.0))
            case Written(word):
                return self._written(word, wording)
            case Tinted(group, colour):
                if not (seen := members(group, self.view)):
                    return -_CLEAR
                odd = [s for s in seen if s.colour != colour]
                strength = (_CLEAR if not odd else -_CLEAR) * _surest(seen)
                return strength + self._error(f"tint {group.shape}", wording)

    def _number(self, group: Group, wording: str) -> Belief:
        """How many there are. The error leads to one more or one less, for each picture the same."""
        seen = members(group, self.view)
        number = min(len(seen), _HIGHEST)
        near = [s for s in self.view.shapes if s.shape == group.shape or group.colour in (None, s.colour)]
        name = f"count {group.colour} {group.shape}"
        # Beyond four, nobody counts at a glance.
        strength = max(1.0, _CLEAR * _surest(near) - 0.35 * max(0, number - 4)) + self._error(name, wording)
        fewer = chance(self.fingerprint, name, "side") < (0.3 if number == 1 else 0.5)
        step = -1 if number and fewer else 1
        return _leaning(
            str(number), [str(n) for n in (number + step, number - step, number + 2 * step) if n >= 0], strength
        )

    def _before(self, fact: Before, wording: str) -> float:
        first, second, axis = fact.first, fact.second, fact.axis
        ahead = lead(first, axis, second, self.view, fact.any_of)
        if ahead is None:
            return -_CLEAR
        names = (f"{first.colour} {first.shape}", f"{second.colour} {second.shape}")
        # One error for both directions: who sees the one wrongly sees the other wrongly too.
        turned = 1 if names[0] < names[1] else -1
        error = turned * self._error(f"{axis} {' '.join(sorted(names))}", wording)
        sure = _surest(members(first, self.view) + members(second, self.view))
        return _limited(30 * (ahead - BESIDE), _CLEAR) * sure + error

    def _at(self, group: Group, where: str, wording: str) -> float:
        room = margin(group, where, self.view)
        if room is None:
            return -_CLEAR
        turned = -1 if where.split()[0] in ("bottom", "right") else 1
        return _limited(30 * room, _CLEAR) + turned * self._error(f"place {group.colour} {group.shape}", wording)

    def _ground(self, wording: str) -> Belief:
        colour = self.view.background
        strength = _CLEAR * max(0.4, self.view.ground_sure) + self._error("background", wording)
        return _leaning(colour, self._rivals(colour, "background"), strength)

    def _colour(self, group: Group, wording: str) -> Belief:
        seen = members(Group(group.shape), self.view)
        if not seen:
            return {"none": 1.0}
        colours = [s.colour for s in seen]
        colour = max(sorted(set(colours)), key=colours.count)
        error = self._error(f"tint {group.shape}", wording)
        return _leaning(colour, self._rivals(colour, group.shape), _CLEAR * _surest(seen) + error)

    def _rivals(self, colour: str, what: str) -> list[str]:
        others = [c for c in COLOURS if c != colour]
        return sorted(others, key=lambda other: chance(self.fingerprint, what, other))[:4]

    def _written(self, word: str | None, wording: str) -> float:
        read, error = self.view.word, self._error("word", wording)
        if read is None:
            return -_CLEAR + error
        if word is None:
            return _CLEAR + error
        wanted, there = comparable(word), comparable(read)
        if wanted == there:
            return _CLEAR + error
        # Nearly right looks nearly right: one wrong letter of five is the hardest to notice.
        return -_CLEAR + 2 * max(0.0, 1 - _distance(wanted, there) / max(1, len(wanted))) + error

    def _word(self, wording: str) -> Belief:
        if not self.view.word:
            return {"none": 1.0}
        word = tidy(self.view.word)
        rivals = [misspelt(word, chance(self.fingerprint, word, i)) for i in range(3)]
        return _leaning(word, sorted({r for r in rivals if r != word}), _CLEAR - 0.5 + self._error("word", wording))

    def _level(self, name: str) -> float:
        view = self.view
        soft = 0.0 if view.sharpness is None else max(0.0, min(1.0, (LEAST_SHARPNESS - view.sharpness) / 0.2 + 0.3))
        soft = soft if view.sharpness is not None and view.sharpness < LEAST_SHARPNESS else 0.0
        tone = view.vividness is not None and not WASHED_OUT <= view.vividness <= OVER_SATURATED
        match name:
            case "artifacts":
                return max(
                    0.0, 1.0 - min(0.75, 0.45 + 20 * view.scratches) * bool(view.scratches > 0.0004) - 0.5 * soft
                )
            case "composition":
                return 0.95 - 0.35 * tone - 0.25 * soft if view.shapes or view.word else 0.5
            case "text":
                return 1.0 - 0.4 * soft if view.word else 1.0
        return 1.0


def most_likely(belief: Belief) -> str:
    """The answer without any luck."""
    return max(belief, key=lambda said: belief[said])


def sampled(belief: Belief, temperature: float, luck: float) -> str:
    """One answer drawn at that temperature. luck: in [0, 1)."""
    if temperature <= 0:
        return most_likely(belief)
    weights = _normal({said: p ** (1 / temperature) for said, p in belief.items()})
    for said, p in weights.items():
        luck -= p
        if luck < 0:
            return said
    return most_likely(belief)


def tidy(word: str) -> str:
    """A word as it was read, with letters among letters and digits among digits where both look the same."""
    parts = []
    for part in word.split():
        digits = sum(c in "23456789" for c in part)
        letters = sum(c.isalpha() and c not in "OI" for c in part)
        parts.append(part.translate(str.maketrans("OI", "01") if digits > letters else str.maketrans("01", "OI")))
    return " ".join(parts)


def _surest(shapes: list[SeenShape]) -> float:
    """How sure the least clear of them is, 0.4 to 1."""
    return max(0.4, min((s.sure for s in shapes), default=1.0))


def _leaning(right: str, rivals: list[str], strength: float) -> Belief:
    """The right answer against others, of which the first is the likeliest; a negative strength turns them around."""
    strength = _limited(strength, _MOST)
    weights = {right: exp(strength / 2)}
    for at, rival in enumerate(rivals):
        weights[rival] = exp(-strength / 2) if at == 0 else 0.15 * exp(-abs(strength) / 2)
    return _normal(weights)


def _normal(weights: dict[str, float]) -> Belief:
    total = sum(weights.values())
    return {said: weight / total for said, weight in weights.items()}


def _chance(odds: float) -> float:
    return 1 / (1 + exp(-_limited(odds, _MOST)))


def _odds(chance: float) -> float:
    inside = min(max(chance, 1e-6), 1 - 1e-6)
    return _limited(log(inside / (1 - inside)), _MOST)


def _limited(value: float, most: float) -> float:
    return max(-most, min(most, value))


def _bell(luck: float) -> float:
    return NormalDist().inv_cdf(min(max(luck, 1e-6), 1 - 1e-6))


def _distance(one: str, other: str) -> int:
    """How many letters must change, come or go."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        before, row = row, [i]
        for j, b in enumerate(other, start=1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (a != b)))
    return row[-1]
