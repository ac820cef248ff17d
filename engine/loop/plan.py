"""What a render is to do: its words, a repair in place, the plan of it, and what was changed to try it again."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from ..graph.patch import Patch
from ..judge.region_question import WHOLE, Box
from ..settings import Settings

Action = Literal["compose", "parameters", "local_edit"]
"""compose: words and seed.   parameters: one small step of steps or cfg.   local_edit: one spot of a picture."""


class Wording(BaseModel):
    """What the run added to the user's own words: clauses of the prompt, terms of the negative, oldest first.

    owners: for each clause the id of the requirement, or the name of the check, that it is for, "" for none; empty when
    no clause has an owner.
    """

    model_config = ConfigDict(frozen=True)

    clauses: tuple[str, ...] = ()
    negative_terms: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()

    @property
    def owned(self) -> dict[str, str]:
        """The clause of each requirement that has one."""
        return {owner: clause for owner, clause in zip(self.owners, self.clauses, strict=False) if owner}


class PastWording(BaseModel):
    """A clause that past runs tried for a requirement: in how many pictures, and how many of them met it. Both count
    less the older they are, so they are no whole numbers."""

    model_config = ConfigDict(frozen=True)

    clause: str
    met: float = Field(ge=0)
    shown: float = Field(ge=0)


class RegionRepair(BaseModel):
    """One region of a picture to be painted anew, and with what. Exactly what a repair did, so it can be repeated.

    kind: row of repair_kinds.json. words: found by Text Segment Mask, invert: everything but these. box: left, top,
    right, bottom in thousandths of width and height; mask: file in the run folder, white where it may change. With
    words, box or mask count where nothing is found. prompt: what the region is to show, instruction: the same as a
    command for edit models. denoise: 0..1. grow, feather: pixels of a picture whose longer side has 1024. context: see
    cut_region. wish: the user's own, empty for a repair of the loop's. goes_on: of a wish that came while the run went
    on, which it does afterwards too.
    """

    model_config = ConfigDict(frozen=True)

    kind: str
    words: str = ""
    invert: bool = False
    box: Box | None = None
    mask: str = ""
    prompt: str
    instruction: str = ""
    denoise: float = Field(gt=0, le=1)
    grow: int = Field(default=8, ge=0, le=256)
    feather: float = Field(default=8.0, ge=0, le=128)
    context: float = Field(default=0.5, ge=0, le=4)
    wish: str = ""
    goes_on: bool = False

    @property
    def whole(self) -> bool:
        """Whether all of the picture may change, because a model for editing is told what to."""
        return self.box == WHOLE and not self.words and not self.mask


class Plan(BaseModel):
    """The next render: where it stands in the run, its settings, and why these.

    action: what is done. For a local edit, edit_of is the iteration whose picture is edited, and requirement the id of
    what the edit is to put right; its settings differ from that iteration's in the seed alone. repair: how it is done,
    once that is decided. remedy: what was changed for a quality check that is poor, see check_remedies.
    """

    model_config = ConfigDict(frozen=True)

    loop: int = Field(ge=1)
    index: int = Field(ge=1, description="position within the loop, from 1")
    settings: Settings
    wording: Wording = Wording()
    action: Action = "compose"
    edit_of: int | None = None
    requirement: str = ""
    repair: RegionRepair | None = None
    remedy: str = ""
    reason: str


class Pending(BaseModel):
    """The render that is queued or running."""

    model_config = ConfigDict(frozen=True)

    prompt_id: str
    plan: Plan


class Recovery(BaseModel):
    """What was changed before a failed render was tried again.

    number: of the iteration that it was for. error: what had failed, in words. sentence: the change, in words.
    patch: of the graph as the user queued it, for this and all later renders; empty where it was tried again as it was.
    """

    model_config = ConfigDict(frozen=True)

    number: int
    kind: str
    error: str
    sentence: str
    patch: Patch = Patch()
