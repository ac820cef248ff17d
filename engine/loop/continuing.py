"""How a run goes on after it was cut off, or with a further instruction. Pure."""

from __future__ import annotations

from .goal import LoopHandle
from .run import Run


def as_found(run: Run) -> Run:
    """A run read from disk. "running" there means that its server stopped in the middle."""
    if run.ended:
        return run
    number = len(run.iterations) + 1
    reason = f"The server stopped during iteration {number}. Resume the run to go on with it."
    return run.model_copy(update={"status": "suspended", "phase": "waiting", "reason": reason, "stopping": ""})


def instructed(start: LoopHandle, instruction: str) -> LoopHandle:
    """What the run asks for, with the instruction in goal, prompt and, where the user wrote one, checklist."""
    goal = f"{start.goal.rstrip(' .')}. {instruction}"
    head = start.settings.prompt.rstrip(" ,")
    prompt = f"{head}, {instruction}" if head else instruction
    checklist = f"{start.checklist.rstrip()}\n{instruction}" if start.checklist.strip() else ""
    settings = start.settings.model_copy(update={"prompt": prompt})
    return start.model_copy(update={"goal": goal, "checklist": checklist, "settings": settings})
