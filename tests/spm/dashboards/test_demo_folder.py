"""Starting the demo over deletes what a demo made, and never anybody's own data."""

import pytest

from spm.dashboards import demo_folder
from spm.jobs.serving import only_one
from spm.jobs.startup import CannotStart


@pytest.fixture
def loaded(tmp_path):
    """A data folder after a complete start of the demo."""
    demo_folder.begin(tmp_path, reset=False)
    (tmp_path / "spm.sqlite3").write_text("data")
    (tmp_path / "broker").mkdir()
    demo_folder.finish(tmp_path)
    return tmp_path


def test_a_new_folder_is_to_be_loaded(tmp_path):
    assert demo_folder.begin(tmp_path / "var" / "demo", reset=False)


def test_a_second_start_keeps_the_data(loaded):
    assert not demo_folder.begin(loaded, reset=False)
    assert (loaded / "spm.sqlite3").exists()


def test_reset_deletes_what_the_demo_made_and_nothing_else(loaded):
    (loaded / "notes.txt").write_text("mine")
    assert demo_folder.begin(loaded, reset=True)
    assert sorted(path.name for path in loaded.iterdir()) == ["norvik-demo", "notes.txt", "running.lock"]


def test_an_interrupted_load_starts_over(tmp_path):
    demo_folder.begin(tmp_path, reset=False)
    (tmp_path / "spm.sqlite3").write_text("half")
    assert demo_folder.begin(tmp_path, reset=False)
    assert not (tmp_path / "spm.sqlite3").exists()


@pytest.mark.parametrize("reset", [False, True])
def test_a_folder_of_ones_own_is_refused_and_stays(tmp_path, reset):
    (tmp_path / "spm.sqlite3").write_text("real")
    with pytest.raises(demo_folder.ForeignFolder, match="not the demo"):
        demo_folder.begin(tmp_path, reset=reset)
    assert (tmp_path / "spm.sqlite3").read_text() == "real"


def test_a_running_demo_is_not_deleted(loaded):
    with only_one(loaded), pytest.raises(CannotStart, match="already running"):
        demo_folder.begin(loaded, reset=True)
    assert (loaded / "spm.sqlite3").exists()
