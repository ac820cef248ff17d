"""What the executing critic and the driver tell each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..graph.finding import Finding
from ..judge.checklist import Checklist, Kind
from ..judge.critique import Critique
from ..judge.region_question import RegionHint
from ..judge.reliability import Reliability
from ..settings import LoopHandle
from ..unicode_text import mend_texts
from .batch_pictures import CardShare, PictureSource
from .plan import Plan
from .run import BatchPicture, ClipRecord, RepairedRegion, Run


@dataclass(frozen=True)
class PromptContext:
    """A critic with a loop is executing: what it knows about the prompt it runs in.

    warnings: what the preflight found in the graph; only asked for where a run begins. paid_nodes: what in the graph
    costs money at each render, in words. can_edit_locally: whether a region of its picture can be painted anew;
    edit_refusal: why not; edits_by_instruction: see Run. shares: of the cards that rendered it side by side; empty
    where one did. card_notes: what of them is missing, and why.
    """

    prompt_id: str
    client_id: str
    handle: LoopHandle
    graph: Mapping[str, Any]
    extra_pnginfo: Mapping[str, Any] | None
    loop_node: str
    critic_node: str
    warnings: tuple[Finding, ...] = ()
    paid_nodes: tuple[str, ...] = ()
    can_edit_locally: bool = False
    edit_refusal: str = ""
    edits_by_instruction: bool = False
    shares: tuple[CardShare, ...] = ()
    card_notes: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class KnownPicture:
    """A judged picture of the run, to recognise it when it comes again."""

    number: int
    fingerprint: str
    critique: Critique


@dataclass(frozen=True)
class RunContext:
    """Where the executing critic stands in its run."""

    run: Run
    plan: Plan
    seen: tuple[KnownPicture, ...]

    @property
    def number(self) -> int:
        return len(self.run.iterations) + 1


@dataclass(frozen=True)
class Report:
    """What the critic found.

    save_error: why the picture could not be written, empty when it was. checklist: what the picture was judged by.
    reliability: how far the judge can be believed, by kind of requirement. relooks: by iteration number, a second look
    at a picture. notes: what the user should know about how far the run can be judged. region_hints: see Run.
    repaired, repaired_region, source, clip: see Iteration. clip_savers: ids of the nodes
    of the graph that keep the clip.
    """

    critique: Critique
    picture: str | None
    save_error: str = ""
    batch_index: int = 0
    others: tuple[BatchPicture, ...] = ()
    source: PictureSource | None = None
    fingerprint: str = ""
    duplicate_of: int | None = None
    checklist: Checklist | None = None
    reliability: Mapping[Kind, Reliability] = field(default_factory=dict)
    relooks: Mapping[int, Critique] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[Finding, ...] = ()
    region_hints: Mapping[str, RegionHint] = field(default_factory=dict)
    repaired: tuple[float, float, float, float] | None = None
    repaired_region: RepairedRegion | None = None
    clip: ClipRecord | None = None
    clip_savers: tuple[str, ...] = ()

    def writable(self) -> Report:
        """With texts that can be written: models write anything, half an emoji too."""
        return replace(
            self,
            critique=mend_texts(self.critique),
            checklist=mend_texts(self.checklist),
            relooks=mend_texts(dict(self.relooks)),
        )
