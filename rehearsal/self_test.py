"""`python dev.py judge --model NAME`: how far a judge model can be believed, by drawn scenes of known truth."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys
from collections.abc import Iterator
from typing import Any

from .of_pack import of_pack


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python dev.py judge", description="Test a judge model on drawn scenes.")
    parser.add_argument("--model", required=True, help="name of an installed vision model, as `ollama list` shows it")
    parser.add_argument("--url", help="address of the Ollama server; else OLLAMA_HOST, else this computer")
    parser.add_argument("--rehearsal", action="store_true", help="test the stand-in that reads pixels: no model needed")
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object on the last line")
    options = parser.parse_args(arguments)
    engine, client = of_pack("engine.judge.self_test"), of_pack("ollama_client")
    failure = of_pack("engine.judge.vision_model").ModelFailure

    def progress(done: int, of: int) -> None:
        print(f"\r{done} of {of} scenes", end="", file=sys.stderr, flush=True)

    with _server(options) as url:
        place = client.Connection("command line", url)
        model = client.OllamaVisionModel(place, options.model, 0, lambda: False, KeyboardInterrupt)
        try:
            tested = asyncio.run(engine.run_self_test(model, progress))
        except failure as problem:
            print(problem)
            return 1
        except KeyboardInterrupt:
            print("\nStopped.")
            return 1
        finally:
            print(file=sys.stderr)
    words = engine.in_words(tested)
    print("\n".join([table(tested), "", *words]))
    if options.json:
        print(json.dumps({**tested.model_dump(), "words": words}))
    return 0


def table(tested: Any) -> str:
    """A line for each kind. The thresholds are logits, first and second wording."""
    lines = [f"{'kind':<10}{'n':>4}{'lost':>6}{'TPR':>7}{'FPR':>7}{'AUROC':>7}{'threshold':>16}  verdict"]
    for one in tested.kinds:
        shares = "".join("      -" if v is None else f"{v:7.2f}" for v in (one.tpr, one.fpr, one.auroc))
        thresholds = f"{one.threshold:+.2f} / {one.threshold_again:+.2f}"
        lines.append(f"{one.kind:<10}{one.n:>4}{one.unreadable:>6}{shares}{thresholds:>16}  {one.verdict}")
    return "\n".join(lines)


@contextlib.contextmanager
def _server(options: argparse.Namespace) -> Iterator[str | None]:
    """The address to ask: the stand-in's while it serves, or the given one."""
    if not options.rehearsal:
        yield options.url
        return
    double = of_pack("rehearsal.ollama_double")
    with double.OllamaDouble(default=double.pixel_judge) as server:
        yield server.url


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
