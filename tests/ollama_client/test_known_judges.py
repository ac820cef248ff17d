"""Which installed model is the best known judge."""

from __future__ import annotations

import pytest
from pack.ollama_client.known_judges import best_known_judge


@pytest.mark.parametrize(
    ("installed", "best"),
    [
        ([], None),
        (["llava:7b", "moondream:latest"], None),
        (["llava:7b", "gemma3:4b"], "gemma3:4b"),
        (["gemma3:12b", "qwen2.5vl:7b", "gemma3:4b"], "qwen2.5vl:7b"),
        (["qwen3-vl:8b", "qwen2.5vl:7b"], "qwen2.5vl:7b"),
        (["qwen3-vl:8b", "qwen3-vl:8b-instruct"], "qwen3-vl:8b-instruct"),
        (["qwen3-vl:8b-instruct", "qwen3-vl:32b-instruct-q4_K_M"], "qwen3-vl:32b-instruct-q4_K_M"),
        (["someone/Qwen3-VL-8B-Instruct:latest"], "someone/Qwen3-VL-8B-Instruct:latest"),
        (["qwen3-vl:235b"], None),
    ],
)
def test_the_best_known_judge(installed, best):
    assert best_known_judge(installed) == best
