"""Runs and critiques as test data."""

from __future__ import annotations

from typing import Any

from pack.engine.judge.checklist import Checklist, Requirement
from pack.engine.judge.critique import Changes, Critique, Edit, Item
from pack.engine.loop.journal import stem
from pack.engine.loop.outcome import record
from pack.engine.loop.plan import Pending
from pack.engine.loop.policy import first_plan, next_step
from pack.engine.loop.run import Run, Stop
from pack.engine.loop.run_context import Report
from pack.engine.settings import Limits, LoopHandle, Settings

SETTINGS = Settings(prompt="a red fox", negative="blurry", seed=5, steps=20, cfg=7.0)


def handle(**fields: Any) -> LoopHandle:
    named = {name: fields.pop(name) for name in ("iterations_per_loop", "max_loops") if name in fields}
    limits = fields.pop("limits", Limits(**named))
    values = {"goal": "a red fox in snow", "settings": SETTINGS, "pass_score": 0.8, "seed_policy": "auto"}
    return LoopHandle(limits=limits, **{**values, **fields})


def run(**fields: Any) -> Run:
    values = {
        "id": "20260101-120000-0123abcd",
        "created": 1.0,
        "updated": 1.0,
        "loop_node": "10",
        "critic_node": "11",
        "client_id": "page",
        "first_prompt_id": "p1",
        "start": handle(**fields),
    }
    made = Run(**values)
    return made.model_copy(update={"pending": Pending(prompt_id="p1", plan=first_plan(made))})


def critique(score: float | None, *, done: bool = False, passed: bool = False, **changes: Any) -> Critique:
    return Critique(
        judge="ollama",
        outcome="unreadable" if score is None else "judged",
        score=score,
        done=done or passed,
        passed=passed,
        changes=Changes(**changes),
        reason="The snow is missing.",
    )


def unseen(technical: float) -> Critique:
    """What the offline judge says of a picture."""
    return Critique(
        judge="offline", outcome="judged", technical=technical, sees_content=False, reason="This judge cannot see."
    )


def checklist(*texts: str, parents: dict[str, tuple[str, ...]] | None = None) -> Checklist:
    """One requirement for each text; a text that begins with a number is a count."""
    numbers = {"two": "2", "three": "3", "four": "4"}
    requirements = []
    for n, text in enumerate(texts, 1):
        number = numbers.get(text.split()[0])
        requirements.append(
            Requirement(
                id=f"r{n}",
                kind="count" if number else "object",
                text=text,
                question=f"How many {text}?" if number else f"Is there a {text}?",
                ask="count" if number else "yesno",
                expect=(number or "yes",),
                alt_question=f"Is it true: {text}?",
                alt_ask="yesno",
                alt_expect=("yes",),
                parents=(parents or {}).get(f"r{n}", ()),
                span=text,
            )
        )
    return Checklist(goal=", ".join(texts), requirements=tuple(requirements))


def itemised(
    *chances: float,
    score: float | None = None,
    answers: dict[str, str] | None = None,
    edits: dict[str, str] | None = None,
    negative: tuple[str, ...] = (),
    looks: int = 1,
    passed: bool = False,
    blank: float | None = None,
    **changes: Any,
) -> Critique:
    """A critique by checklist. chances: of r1, r2, ...; score: their mean unless given. edits: clauses, "|" between.
    blank: the logit of each on a blank picture."""
    items = tuple(
        Item(id=f"r{n}", answer=(answers or {}).get(f"r{n}", "yes" if p > 0.5 else "no"), p=p, passed=p > 0.5)
        for n, p in enumerate(chances, 1)
    )
    clauses = [(name, clause) for name, text in (edits or {}).items() for clause in text.split("|")]
    return Critique(
        judge="ollama",
        outcome="judged",
        score=round(sum(chances) / len(chances), 4) if score is None else score,
        done=all(item.passed for item in items),
        passed=passed,
        looks=2 if passed else looks,
        items=items,
        soft=True,
        edits=tuple(Edit(requirement=name, clause=clause) for name, clause in clauses),
        negative=negative,
        changes=Changes(**changes),
        blank=None if blank is None else {item.id: blank for item in items},
        reason="Why.",
    )


def judged(before: Run, verdict: Critique, duplicate_of: int | None = None) -> Run:
    """The run after its pending render was judged so."""
    report = Report(critique=verdict, picture=f"{stem(before.pending.plan)}.png", duplicate_of=duplicate_of)
    return record(before, report)[0]


def advanced(before: Run) -> Run | Stop:
    """The run with its next render pending, or why it stops."""
    step = next_step(before)
    if isinstance(step, Stop):
        return step
    pending = Pending(prompt_id=f"p{len(before.iterations) + 1}", plan=step)
    return before.model_copy(update={"pending": pending})
