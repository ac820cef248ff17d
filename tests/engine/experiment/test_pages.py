"""The pages: everything told, nothing loaded, nothing of a request taken for HTML, no arm told to who ticks."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from pack.engine.experiment.arms import ARMS
from pack.engine.experiment.outcomes import ReportedPicture, ReportedPrompt
from pack.engine.experiment.prompts import ExperimentRequirement
from pack.engine.experiment.report import pool_reports
from pack.engine.experiment.report_page import pooled_page, report_page
from pack.engine.experiment.ticking_page import pictures_to_tick, ticking_page

from .reports import drawn_report, played, seen

NASTY = '<script>alert("1")</script> & "quotes" \'too\''
JPEG = b"\xff\xd8picture"


class Reader(HTMLParser):
    """Tags with their attributes, and whether each that was opened was closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags, self.open = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in ("meta", "img", "input", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def nasty_report():
    report = drawn_report(1, {"seeds": 0.8, "ours": 0.9}, count=3)
    bad = ReportedPrompt(
        id="p001",
        prompt=NASTY,
        requirements=(ExperimentRequirement(text=NASTY, about="other"),),
        runs={arm: played(arm, f"{arm}-key") for arm in ("seeds", "ours")},
        failed={},
        pictures=tuple(ReportedPicture(seen=seen(f"{arm}-key", {"r1": True})) for arm in ("seeds", "ours")),
    )
    setup = report.setup.model_copy(update={"card": NASTY, "models": (NASTY,), "same_family": True})
    return report.model_copy(update={"prompts": (*report.prompts, bad), "setup": setup})


def checked(text):
    """A well-formed page that loads nothing and holds no code of a request's."""
    reader = Reader(text)
    assert reader.open == []
    assert NASTY not in text
    for _, attributes in reader.tags:
        assert not [name for name in attributes if name.startswith("on")]
        assert attributes.get("src", "data:").startswith("data:")
        assert "href" not in attributes
    return reader


def test_the_report_is_one_page_with_figures_and_pictures_side_by_side():
    report = nasty_report()
    pictures = {key: JPEG for prompt in report.prompts for key in (one.key for one in prompt.pictures)}
    text = report_page(report, pictures)
    tags = checked(text).tags
    assert not [tag for tag, _ in tags if tag == "script"]
    assert sum(tag == "img" for tag, _ in tags) == 3 * len(report.prompts)
    for told in (report.summary.verdict, "At equal seconds", "Best of many seeds", "shares its errors", "qwen3-vl"):
        assert told in text


def test_a_picture_that_is_gone_is_said_so():
    text = report_page(drawn_report(1, {"seeds": 0.8, "ours": 0.9}, count=2), {})
    assert "the picture is gone" in text
    checked(text)


def test_pooled_reports_have_a_page_too():
    reports = [drawn_report(seed, {"seeds": 0.8, "ours": 0.9}, count=10, card=f"card {seed}") for seed in range(2)]
    text = pooled_page(pool_reports(reports))
    assert "card 0" in text and "card 1" in text
    checked(text)


def test_who_ticks_is_told_no_arm_and_gets_both_arms_of_a_prompt():
    report = nasty_report()
    text = ticking_page(report, {}, {})
    tags = checked(text).tags
    assert not [arm for arm in ARMS.values() if arm.title in text]
    asked = [attributes["data-picture"] for tag, attributes in tags if tag == "form"]
    assert asked == [key for _, key in pictures_to_tick(report)]
    assert {"seeds-key", "ours-key"} <= set(asked)
    rows = [attributes["data-requirement"] for _, attributes in tags if "data-requirement" in attributes]
    assert len(rows) == sum(len(prompt.requirements) for prompt, _ in pictures_to_tick(report))


def test_at_most_fifty_pictures_and_whole_prompts():
    report = drawn_report(1, {"seeds": 0.8, "ours": 0.9}, count=60)
    wanted = pictures_to_tick(report)
    assert 47 < len(wanted) <= 50
    whole = {prompt.id for prompt, _ in wanted}
    assert len(wanted) == 3 * len(whole)
    order = [prompt.id for prompt, _ in wanted]
    assert order != sorted(order, key=[one.id for one in report.prompts].index)
    assert pictures_to_tick(report) == wanted


def test_what_was_ticked_is_there_when_one_comes_back():
    report = drawn_report(1, {"seeds": 0.8, "ours": 0.9}, count=2)
    (prompt, key), *_ = pictures_to_tick(report)
    said = {f"r{n}": n > 1 for n, _ in enumerate(prompt.requirements, 1)}
    text = ticking_page(report, {}, {key: said})
    assert f"1 of {len(pictures_to_tick(report))} pictures ticked" in text
    assert len(re.findall(r'value="yes" checked', text)) == len(said) - 1
    assert len(re.findall(r'value="no" checked', text)) == 1
