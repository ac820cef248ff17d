"""The small language that prompts and goals share: counted coloured shapes, where they are, the background, a word."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from .vocabulary import (
    BACKGROUND,
    COLOUR_WORDS,
    COLOURS,
    COMPARING,
    COUNT_WORDS,
    EMPHASIS,
    NEGATION,
    PICTURE_WORDS,
    PLACE_WORDS,
    PLAIN,
    SHAPE_WORDS,
    SHAPES,
    TOKEN,
    VAGUE,
    VERTICAL,
    WEIGHT,
    WORD_TOKEN,
    WRITTEN,
    plain_word,
    spoken,
)

__all__ = ["COLOURS", "SHAPES", "Group", "Place", "Relation", "ShapeScene", "opposite", "parse", "spoken"]

Axis = Literal["left", "above"]


@dataclass(frozen=True)
class Group:
    """Shapes of one kind. colour None: not said. count None: not said ("some circles", or "circles")."""

    shape: str
    colour: str | None = None
    count: int | None = None
    emphatic: bool = False

    @property
    def noun(self) -> str:
        """Colour and shape without a count, e.g. "red circles"."""
        return self.named(2 if self.count is None else self.count)

    def named(self, count: int) -> str:
        """Colour and shape as it reads after that count."""
        name = f"{self.colour} {self.shape}" if self.colour else self.shape
        return name if count == 1 else name + "s"

    @property
    def phrase(self) -> str:
        """With its count, e.g. "three red circles" or "some stars"."""
        return f"{'some' if self.count is None else spoken(self.count)} {self.noun}"


@dataclass(frozen=True)
class Relation:
    """Group `first` is left of, or above, group `second` (indices into ShapeScene.groups)."""

    first: int
    axis: Axis
    second: int
    emphatic: bool = False


@dataclass(frozen=True)
class Place:
    """Where a group is in the picture: "top", "left", "centre", "top left", "bottom centre" and so on."""

    group: int
    where: str
    emphatic: bool = False


@dataclass(frozen=True)
class ShapeScene:
    """What a text asks for. length: its number of words; a word (to write) is upper case, letters, digits, spaces.

    absent: what must not be there, with count 0.
    """

    groups: tuple[Group, ...] = ()
    relations: tuple[Relation, ...] = ()
    places: tuple[Place, ...] = ()
    background: str | None = None
    background_emphatic: bool = False
    word: str | None = None
    word_emphatic: bool = False
    length: int = 0
    absent: tuple[Group, ...] = ()


def opposite(where: str) -> str:
    """The place across the picture; the centre has the top left corner for one."""
    if where == "centre":
        return "top left"
    across = {"top": "bottom", "bottom": "top", "left": "right", "right": "left"}
    return " ".join(across.get(part, part) for part in where.split())


def parse(text: str) -> ShapeScene:
    """Read a prompt or a goal. Never fails: what is not understood is ignored."""
    return _Reader().read(text)


@dataclass
class _Pending:
    """What was read since the last shape, waiting for its noun."""

    count: int | None = None
    colour: str | None = None
    vague: bool = False
    definite: bool = False
    negated: bool = False


@dataclass
class _Reader:
    """Reads tokens from left to right. Relations and places belong to the group mentioned last."""

    groups: list[Group] = field(default_factory=list)
    relations: dict[tuple[frozenset[int], Axis], Relation] = field(default_factory=dict)
    places: dict[int, Place] = field(default_factory=dict)
    background: str | None = None
    background_emphatic: bool = False
    word: str | None = None
    word_emphatic: bool = False
    pending: _Pending = field(default_factory=_Pending)
    emphatic: bool = False
    counted_subject: bool = False
    group: int | None = None
    in_clause: bool = False
    place_ahead: str | None = None
    open_relation: tuple[int, str, bool] | None = None
    background_ahead: bool = False
    item: tuple[str, object] | None = None
    absent: dict[tuple[str, str | None], Group] = field(default_factory=dict)

    def read(self, text: str) -> ShapeScene:
        length = len(text.split())
        text = self._take_word(WEIGHT.sub(")", text))
        tokens = TOKEN.findall(text.lower().replace("-", " ").replace("_", " "))
        place = 0
        while place < len(tokens):
            place += self._step(tokens, place)
        self._end_clause()
        kept = [i for i, group in enumerate(self.groups) if group.count != 0]
        now = {old: new for new, old in enumerate(kept)}
        between = [r for r in self.relations.values() if r.first in now and r.second in now]
        return ShapeScene(
            groups=tuple(self.groups[i] for i in kept),
            relations=tuple(replace(r, first=now[r.first], second=now[r.second]) for r in between),
            places=tuple(replace(p, group=now[p.group]) for p in self.places.values() if p.group in now),
            background=self.background,
            background_emphatic=self.background_emphatic,
            word=self.word,
            word_emphatic=self.word_emphatic,
            length=length,
            absent=tuple(self.absent.values()),
        )

    def _take_word(self, text: str) -> str:
        words = [plain_word("".join(filter(None, found.groups()))) for found in WRITTEN.finditer(text)]
        self.word = next((word for word in reversed(words) if word), None)
        return WRITTEN.sub(f" {WORD_TOKEN} ", text)

    def _step(self, tokens: list[str], at: int) -> int:
        """Read the token at that place; returns how many tokens were used up."""
        token = tokens[at]
        follows = tokens[at + 1] if at + 1 < len(tokens) else ""
        if not token.isalnum():
            self._end_clause()
        elif token in SHAPE_WORDS:
            self._mention(*SHAPE_WORDS[token])
        elif token in COLOUR_WORDS:
            self._colour(COLOUR_WORDS[token])
        elif token in COUNT_WORDS:
            self.pending.count = COUNT_WORDS[token]
        elif token in VAGUE:
            self.pending.count, self.pending.vague = None, True
        elif token == "the":
            self.pending.definite = True
        elif (token in NEGATION and follows not in COMPARING) or (token == "free" and follows == "of"):
            self.pending.negated = True
        elif token in EMPHASIS or token in PLAIN:
            self.emphatic = True
        elif token in BACKGROUND:
            self._background()
        elif token == WORD_TOKEN:
            self._emphasise("word", None)
            self.pending = _Pending()
        elif token in VERTICAL:
            self._relate(VERTICAL[token])
        elif token in ("left", "right") and follows == "of" and not self._of_picture(tokens, at + 2):
            self._relate(token)
            return 2
        elif token in PLACE_WORDS:
            return self._place(tokens, at)
        elif token == "and":
            self.pending = _Pending()
        return 1

    @staticmethod
    def _of_picture(tokens: list[str], at: int) -> bool:
        return any(t in PICTURE_WORDS for t in tokens[at : at + 2])

    def _colour(self, colour: str) -> None:
        if self.background_ahead:
            self.background, self.background_ahead = colour, False
        else:
            self.pending.colour = colour

    def _background(self) -> None:
        if self.pending.colour:
            self.background = self.pending.colour
        else:
            self.background_ahead = True
        self._emphasise("background", None)
        self.pending = _Pending()

    def _mention(self, shape: str, plural: bool) -> None:
        said, self.pending = self.pending, _Pending()
        if said.negated or said.count == 0:
            self._rule_out(shape, said.colour)
            return
        self.absent.pop((shape, said.colour), None)
        index = self._known(shape, said.colour)
        count = said.count
        if index is None:
            if count is None and not plural and not said.vague:
                count = 1
            self.groups.append(Group(shape, said.colour, count, self.emphatic))
            index = len(self.groups) - 1
        else:
            old = self.groups[index]
            kept = count is None or count == old.count
            self.groups[index] = replace(
                old,
                colour=said.colour or old.colour,
                count=old.count if count is None else count,
                emphatic=self.emphatic or (kept and old.emphatic),
            )
        self._emphasise("group", index)
        self._finish_relation(index, said.count is not None)
        if self.place_ahead:
            self.places[index] = Place(index, self.place_ahead)
            self.place_ahead = None
        self.group, self.in_clause, self.counted_subject = index, True, said.count is not None

    def _rule_out(self, shape: str, colour: str | None) -> None:
        """Take back what was asked for before, and remember that it must not be there."""
        for index, group in enumerate(self.groups):
            if group.shape == shape and colour in (None, group.colour):
                self.groups[index] = replace(group, count=0)
        self.absent[shape, colour] = Group(shape, colour, 0)
        self._emphasise("absent", (shape, colour))
        self.open_relation = self.place_ahead = None

    def _known(self, shape: str, colour: str | None) -> int | None:
        """The group that a mention means, if it was mentioned before."""
        same = [i for i, g in enumerate(self.groups) if g.shape == shape]
        if colour is None:
            return same[-1] if same else None
        exact = [i for i in same if self.groups[i].colour == colour]
        open_ones = [i for i in same if self.groups[i].colour is None]
        return (exact or open_ones or [None])[-1]

    def _relate(self, kind: str) -> None:
        if self.group is not None:
            self.open_relation = (self.group, kind, self.emphatic)
            self.emphatic = False
        self.pending = _Pending()

    def _finish_relation(self, index: int, counted: bool) -> None:
        if self.open_relation is None:
            return
        subject, kind, emphatic = self.open_relation
        self.open_relation = None
        if subject == index:
            return
        axis: Axis = "left" if kind in ("left", "right") else "above"
        first, second = (subject, index) if kind in ("left", "above") else (index, subject)
        dedicated = not counted and not self.counted_subject
        key = (frozenset((first, second)), axis)
        self.relations.pop(key, None)
        self.relations[key] = Relation(first, axis, second, emphatic or dedicated)
        self.item = ("relation", key)

    def _place(self, tokens: list[str], at: int) -> int:
        end = at
        while end < len(tokens) and tokens[end] in PLACE_WORDS:
            end += 1
        parts = {PLACE_WORDS[t] for t in tokens[at:end]}
        order = [p for p in ("top", "bottom", "left", "right", "centre") if p in parts]
        where = " ".join(order[:2])
        clause = []
        for token in tokens[end:]:
            if not token.isalnum():
                break
            clause.append(token)
        if not self.in_clause and any(t in SHAPE_WORDS for t in clause):
            self.place_ahead = where
        elif self.group is not None:
            self.places[self.group] = Place(self.group, where)
            self._emphasise("place", self.group)
        self.pending = _Pending()
        return end - at

    def _emphasise(self, kind: str, which: object) -> None:
        """Remember the item just read, and spend the emphasis said before it."""
        self.item = (kind, which)
        if self.emphatic:
            self._stress()

    def _stress(self) -> None:
        kind, which = self.item or ("", None)
        if kind == "group":
            self.groups[which] = replace(self.groups[which], emphatic=True)
        elif kind == "relation":
            self.relations[which] = replace(self.relations[which], emphatic=True)
        elif kind == "place":
            self.places[which] = replace(self.places[which], emphatic=True)
        elif kind == "absent":
            self.absent[which] = replace(self.absent[which], emphatic=True)
        elif kind == "background":
            self.background_emphatic = True
        elif kind == "word":
            self.word_emphatic = True
        self.emphatic = False

    def _end_clause(self) -> None:
        if self.emphatic and self.item:
            self._stress()
        self.pending = _Pending()
        self.emphatic = self.in_clause = self.background_ahead = False
        self.place_ahead = self.open_relation = self.item = None
