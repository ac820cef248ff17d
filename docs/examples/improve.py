"""Improve a workflow until its picture meets a goal, from outside of ComfyUI. Standard library only.

    python improve.py workflow_api.json "three red circles left of a blue square" --out best.png
    python improve.py upscale_api.json "sharp, no artifacts" --token PICTURE="imitatoes/RUN_ID/best.png [output]"

The workflow is the file that ComfyUI writes with Workflow > Export (API), or with Workflow > Save.
"""

from __future__ import annotations

import argparse
import json
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

fetch = urllib.request.build_opener(urllib.request.ProxyHandler({})).open
"""A server of one's own is behind no proxy."""
POLL_SECONDS = 20
"""Of each long poll, so that new iterations are shown in between."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workflow", type=Path, help="a workflow, exported (API) or saved")
    parser.add_argument("goal", help="what the picture must show")
    parser.add_argument("--server", default="http://127.0.0.1:8188", help="address of ComfyUI (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=Path("best.png"), help="where the best picture goes")
    parser.add_argument("--token", action="append", default=[], metavar="NAME=VALUE", help="fills {{NAME}}; repeatable")
    parser.add_argument("--check", action="append", default=[], metavar="TEXT", help="one requirement; repeatable")
    parser.add_argument("--steps", type=int, help="sampling steps to start from")
    parser.add_argument("--model", help="vision model in Ollama that judges")
    parser.add_argument("--dry-run", action="store_true", help="only show what would be queued")
    options = parser.parse_args()
    try:
        return improve(options, f"{options.server.rstrip('/')}/imitatoes/runs")
    except urllib.error.HTTPError as answer:
        print(told(answer), file=sys.stderr)
    except urllib.error.URLError as problem:
        print(f"No ComfyUI answers at {options.server}: {problem.reason}", file=sys.stderr)
    except (OSError, ValueError) as problem:
        print(problem, file=sys.stderr)
    return 1


def improve(options: argparse.Namespace, runs: str) -> int:
    """Start a run, show it, and write its best picture. 0 when the goal was met, 2 when not."""
    started = asked(runs, order_of(options))
    for warning in started["warnings"]:
        print(f"warning: {warning['message']} {warning['hint']}")
    for line in started["diff"]:
        print(line)
    if options.dry_run:
        return 0
    run = followed(runs, started["prompt_id"])
    print(f"{run['status']}: {run['reason']}")
    if run["best"] is None:
        return 1
    with fetch(f"{runs}/{run['run_id']}/best") as answer:
        options.out.write_bytes(answer.read())
    print(f"{options.out}: iteration {run['best']['iteration']}, run {run['run_id']}")
    return 0 if run["status"] == "done" else 2


def order_of(options: argparse.Namespace) -> dict[str, Any]:
    """The body of POST /imitatoes/runs."""
    order: dict[str, Any] = {
        "workflow": json.loads(options.workflow.read_text(encoding="utf-8")),
        "goal": options.goal,
        "tokens": dict(token.split("=", 1) for token in options.token),
        "dry_run": options.dry_run,
    }
    if options.check:
        order["checklist"] = options.check
    if options.steps:
        order["settings"] = {"steps": options.steps}
    if options.model:
        order["critic"] = {"model": options.model}
    return order


def followed(runs: str, prompt_id: str) -> dict[str, Any]:
    """The run once it has ended; a line for each iteration on the way."""
    shown = 0
    while True:
        try:
            run = asked(f"{runs}/{prompt_id}/wait?seconds={POLL_SECONDS}")
        except urllib.error.HTTPError as answer:
            if answer.code != 408:  # else it still waits for its turn in the queue
                raise
            continue
        for iteration in run["iterations"][shown:]:
            score = iteration["critique"]["score"]
            print(f"{iteration['number']}: {'no score' if score is None else format(score, '.2f')}", end="  ")
            print(iteration["decision"]["reason"], flush=True)
        shown = len(run["iterations"])
        if run["waiting"]:
            return run


def asked(url: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """The JSON answer. Raises urllib.error.HTTPError, URLError."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with fetch(request) as answer:
        return json.load(answer)


def told(answer: urllib.error.HTTPError) -> str:
    """What an error says, for people."""
    try:
        error = json.load(answer)["error"]
    except (ValueError, KeyError):
        return f"{answer.url}: {answer.code} {answer.reason}. Is Imitatoes installed there?"
    return f"{error['message']} {error['hint']}".strip()


if __name__ == "__main__":
    sys.exit(main())
