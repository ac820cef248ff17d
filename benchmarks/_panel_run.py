"""A long run on disk, written by the pack's own journal: 200 iterations with pictures, checklists and clauses."""

from __future__ import annotations

from pathlib import Path

import torch

from rehearsal.of_pack import of_pack

ITERATIONS = 200
SIDE = 512
RUN_ID = "20260101-120000-0123abcd"


def written(root: Path) -> str:
    """Write the run under root, ended; its id."""
    of_pack("engine.judge")
    from pack.engine.judge.checklist_rules import checklist_of_lines
    from pack.engine.judge.critique import Critique, Item
    from pack.engine.loop.journal import Journal
    from pack.engine.loop.plan import Plan, Wording
    from pack.engine.loop.run import Decision, Iteration, Run
    from pack.engine.settings import Limits, LoopHandle, Settings

    journal = Journal(root)
    lines = [f"requirement number {n} of the goal" for n in range(1, 9)]
    checklist = checklist_of_lines("a goal of eight parts", lines)
    settings = Settings(prompt="a picture of eight parts, " * 8, negative="blurry", seed=1, steps=20, cfg=7.0)
    limits = Limits(iterations_per_loop=20, max_loops=ITERATIONS // 20)
    handle = LoopHandle(goal=checklist.goal, settings=settings, limits=limits, pass_score=0.9, seed_policy="auto")
    run = Run(
        id=RUN_ID, created=1.0, updated=1.0, start=handle, checklist=checklist, loop_node="10", critic_node="11",
        client_id="bench", first_prompt_id="p0", status="limit", phase="waiting", reason="All iterations are used.",
    )  # fmt: skip
    journal.open(run, {}, None)
    iterations = []
    for number in range(1, ITERATIONS + 1):
        clauses = tuple(f"clause {number} for part {n}" for n in range(3))
        plan = Plan(
            loop=(number - 1) // 20 + 1,
            index=(number - 1) % 20 + 1,
            settings=settings.model_copy(update={"prompt": f"{settings.prompt} {', '.join(clauses)}", "seed": number}),
            wording=Wording(clauses=clauses),
            reason="On from the best: three clauses in other words.",
        )
        items = tuple(
            Item(id=r.id, answer="yes", p=0.9 if (number + n) % 3 else 0.2, passed=bool((number + n) % 3))
            for n, r in enumerate(checklist.requirements)
        )
        score = 0.3 + 0.5 * number / ITERATIONS + 0.05 * (number % 4)
        critique = Critique(
            judge="ollama", model="bench", outcome="judged", score=score, looks=1, items=items, soft=True,
            checks={"prompt_match": score, "artifacts": 0.9, "faces": 0.9, "text": 0.9, "composition": 0.9},
            reason="Some of the requirements are met and some of them are not.",
        )  # fmt: skip
        picture = torch.rand(8, 8, 3).repeat_interleave(SIDE // 8, 0).repeat_interleave(SIDE // 8, 1)
        iterations.append(
            Iteration(
                number=number,
                prompt_id=f"p{number}",
                plan=plan,
                critique=critique,
                decision=Decision(kind="accept" if number % 5 == 0 else "reject", reason="Kept or not."),
                picture=journal.save_picture(run.id, plan, picture, {}),
                seconds={"render": 12.0, "judge": 4.0, "save": 0.1},
            )
        )
    run = run.model_copy(update={"iterations": tuple(iterations)})
    journal.close(run)
    journal.save(run)
    return run.id
