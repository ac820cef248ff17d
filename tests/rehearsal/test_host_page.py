"""What ComfyUI's page asks for before it shows anything."""

from __future__ import annotations


def test_the_first_user_needs_no_name(comfy):
    told = comfy.get("/users")
    assert (told["storage"], told["migrated"]) == ("server", (comfy.base / "user" / "default").is_dir())


def test_settings_are_kept_and_joined(comfy):
    assert comfy.ask("POST", "/settings", json={"Probe.A": 1, "Probe.B": "two"})[0] == 200
    assert comfy.ask("POST", "/api/settings/Probe.A", json=[True])[0] == 200
    kept = comfy.get("/settings")
    assert (kept["Probe.A"], kept["Probe.B"]) == ([True], "two")
    assert (comfy.base / "user" / "default" / "comfy.settings.json").is_file()


def test_the_rest_is_there_in_its_shape(comfy):
    for path, kind in (
        ("/i18n", dict),
        ("/workflow_templates", dict),
        ("/global_subgraphs", dict),
        ("/embeddings", list),
        ("/experiment/models", list),
        ("/extensions", list),
        ("/features", dict),
    ):
        assert isinstance(comfy.get(path), kind), path


def test_a_script_of_a_pack_is_served_as_one(comfy):
    (path,) = [one for one in comfy.get("/extensions") if one.endswith("probe.js")]
    status, _, _, headers = comfy.ask("GET", path)
    assert status == 200
    assert "javascript" in headers["Content-Type"]
