"""A container's limit, as Linux tells it in its two ways."""

from __future__ import annotations

import pytest
from pack.host.container import limit_and_used


def files(folder, **contents):
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in contents.items():
        (folder / name.replace("__", ".")).write_text(f"{text}\n", encoding="utf-8")


@pytest.fixture
def own(tmp_path):
    path = tmp_path / "own"
    path.write_text("0::/box\n", encoding="utf-8")
    return path


def test_version_2(tmp_path, own):
    files(tmp_path / "box", memory__max=1000, memory__current=600, memory__stat="anon 1\ninactive_file 200")
    assert limit_and_used(tmp_path, own) == (1000, 400)


def test_inside_a_container_the_group_is_the_root(tmp_path, own):
    files(tmp_path, memory__max=1000, memory__current=600)
    assert limit_and_used(tmp_path, own) == (1000, 600)


def test_version_1(tmp_path):
    own = tmp_path / "own"
    own.write_text("9:name=systemd:/\n4:memory:/box\n", encoding="utf-8")
    stat = "total_inactive_file 100"
    files(tmp_path / "memory" / "box", memory__limit_in_bytes=500, memory__usage_in_bytes=300, memory__stat=stat)
    assert limit_and_used(tmp_path, own) == (500, 200)


@pytest.mark.parametrize(("limit", "used"), [("max", 5), (2**63 - 4096, 5), ("nonsense", 5), (100, "nonsense")])
def test_no_limit_or_nonsense_is_none(tmp_path, own, limit, used):
    files(tmp_path / "box", memory__max=limit, memory__current=used)
    assert limit_and_used(tmp_path, own) is None


def test_where_there_is_nothing_of_the_kind(tmp_path):
    assert limit_and_used(tmp_path, tmp_path / "missing") is None


def test_the_tighter_of_two_limits_counts(tmp_path, own):
    files(tmp_path, memory__max=1000, memory__current=100)
    files(tmp_path / "box", memory__max=500, memory__current=450)
    assert limit_and_used(tmp_path, own) == (500, 450)
