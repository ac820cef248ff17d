"""SelfImprovingPrompt: the settings of a render in one place, and the loop's handle."""

from __future__ import annotations

from comfy_api.latest import io

from ..engine.graph.clips import moves_a_picture
from ..engine.loop.first_prompt import prompt_of_goal
from ..engine.settings import MAX_SEED, SEED_POLICIES, Limits, LoopHandle, Settings
from ..host.loop_inputs import check_loop_inputs
from ..host.paid_nodes import why_refused
from .inputs import later_inputs, search_words

Loop = io.Custom("IMITATOES_LOOP")


class SelfImprovingPrompt(io.ComfyNode):
    """Pure: its outputs are its inputs, so every queued iteration is an ordinary literal graph. It looks at the graph
    around it only to refuse what the loop cannot judge by.

    Only an empty prompt is made from the goal, by a pure rule: the same goal gives the same prompt. The run starts from
    that prompt, so later iterations carry it literally; the user's own node stays empty.
    """

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ImitatoesSelfImprovingPrompt",  # a literal, for scanners that read sources
            display_name="Self-Improving Prompt",
            category="imitatoes",
            **search_words(
                "loop, self improving, agent, iterate, refine, prompt optimizer, automatic prompt, goal, best seed"
            ),
            description=(
                "Holds the prompt, seed, steps and cfg of your render and the goal it must meet. "
                "Link loop to VLM Critique and queue once: the picture is judged and rendered again until the goal is "
                "met. Without the loop link it works as an ordinary prompt node."
            ),
            inputs=[
                io.String.Input(
                    "goal",
                    multiline=True,
                    default="",
                    tooltip="What the picture must show, in your own words. The judge compares every picture with it.",
                ),
                io.String.Input(
                    "prompt",
                    multiline=True,
                    default="",
                    tooltip=(
                        "The prompt to start from. Your words stay; the loop only adds short clauses behind them. "
                        "Empty: the goal, in the order subject, action, context, style."
                    ),
                ),
                io.String.Input(
                    "negative",
                    multiline=True,
                    default="",
                    tooltip="The negative prompt to start from. The loop adds only things seen in a picture.",
                ),
                io.Int.Input(
                    "seed",
                    default=0,
                    min=0,
                    max=MAX_SEED,
                    control_after_generate=True,
                    tooltip="Seed of the first render. Later ones follow seed_policy.",
                ),
                io.Int.Input(
                    "steps",
                    default=20,
                    min=1,
                    max=10000,
                    tooltip="Sampling steps. The loop moves them little, inside the range of the model family.",
                ),
                io.Float.Input(
                    "cfg",
                    default=7.0,
                    min=0.0,
                    max=100.0,
                    step=0.1,
                    tooltip="Guidance scale. At 1.5 or below (distilled models, FLUX) the loop leaves it alone.",
                ),
                io.Int.Input(
                    "iterations_per_loop",
                    default=4,
                    min=1,
                    max=100,
                    tooltip="Renders in one loop. Each loop starts again from the best picture, with a new seed.",
                ),
                io.Int.Input(
                    "max_loops",
                    default=3,
                    min=1,
                    max=100,
                    tooltip="Loops before the run ends without the goal met. Renders at most: this times the above.",
                ),
                io.Float.Input(
                    "pass_score",
                    default=0.8,
                    min=0.0,
                    max=1.0,
                    step=0.01,
                    tooltip=(
                        "Score that a picture must reach to end the run as done. The judge must also be sure, in two "
                        "looks."
                    ),
                ),
                io.Combo.Input(
                    "seed_policy",
                    options=list(SEED_POLICIES),
                    default="auto",
                    tooltip=(
                        "auto: a new seed for each render, except while wording is all that is missing. "
                        "keep: your seed throughout. new: always a new one."
                    ),
                ),
                io.String.Input(
                    "checklist",
                    multiline=True,
                    default="",
                    optional=True,
                    tooltip=(
                        "What must be visible, one requirement a line, at most 30. Empty: the judge makes it from the "
                        "goal, once per run. Every picture is judged by it."
                    ),
                ),
                io.Float.Input(
                    "render_minutes",
                    default=0.0,
                    min=0.0,
                    max=10000.0,
                    step=1.0,
                    optional=True,
                    tooltip=(
                        "A render that takes longer is interrupted and tried once more; a second time ends the run. "
                        "0 = no limit."
                    ),
                ),
                *later_inputs(),
            ],
            outputs=[
                io.String.Output(display_name="prompt", tooltip="To the positive text encoder."),
                io.String.Output(display_name="negative", tooltip="To the negative text encoder."),
                io.Int.Output(display_name="seed", tooltip="To the sampler's seed."),
                io.Int.Output(display_name="steps", tooltip="To the sampler's steps."),
                io.Float.Output(display_name="cfg", tooltip="To the sampler's cfg."),
                Loop.Output(display_name="loop", tooltip="To VLM Critique: this closes the loop."),
            ],
            hidden=[io.Hidden.unique_id, io.Hidden.prompt],
        )

    @classmethod
    def validate_inputs(cls, paid_renders: int = 0) -> bool | str:
        """When the graph is posted: a loop that would cost money unasked says so here, before anything runs."""
        return why_refused(paid_renders) or True

    @classmethod
    def execute(
        cls,
        goal: str,
        prompt: str,
        negative: str,
        seed: int,
        steps: int,
        cfg: float,
        iterations_per_loop: int,
        max_loops: int,
        pass_score: float,
        seed_policy: str,
        checklist: str = "",
        render_minutes: float = 0.0,
        paid_renders: int = 0,
        confidence: float = 0.95,
        minutes: float = 0.0,
        repairs: int = -1,
        vary: str = "everything",
        repair_with: str = "auto",
    ) -> io.NodeOutput:
        check_loop_inputs(goal, checklist, paid_renders, cls.hidden)
        prompt = prompt if prompt.strip() else prompt_of_goal(goal, moves_a_picture(cls.hidden.prompt or {}))
        handle = LoopHandle(
            goal=goal,
            settings=Settings(prompt=prompt, negative=negative, seed=seed, steps=steps, cfg=cfg),
            limits=Limits(
                iterations_per_loop=iterations_per_loop,
                max_loops=max_loops,
                render_minutes=render_minutes,
                paid_renders=paid_renders,
                minutes=minutes,
                repairs=repairs,
                repair_with=repair_with,
            ),
            pass_score=pass_score,
            seed_policy=seed_policy,
            checklist=checklist,
            confidence=confidence,
            vary=vary,
        )
        return io.NodeOutput(prompt, negative, seed, steps, cfg, handle)
