"""Processes that die come back, processes end together, and nothing else is signalled."""

import os
import signal
import socket
import sys
import time
from threading import Timer

import pytest

from spm.jobs import supervisor as module
from spm.jobs.serving import listen
from spm.jobs.startup import CannotStart, writable_data_dir
from spm.jobs.supervisor import Supervisor

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
STUBBORN = "import signal, sys, time; signal.signal(15, signal.SIG_IGN); open(sys.argv[1], 'w').close(); time.sleep(60)"


@pytest.fixture
def supervisor(monkeypatch):
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(module, "LONGEST_PAUSE", 0.1)
    told = []
    running = Supervisor({"SPM_MARK": "x"}, told.append)
    running.told = told
    yield running
    running.stop()


def look_until(supervisor, condition, seconds=5):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        supervisor.look()
        if condition():
            return True
        time.sleep(0.02)
    return False


def test_a_child_that_dies_is_started_again_and_it_is_told(supervisor):
    child = supervisor.start("sleeper", SLEEP)
    first = child.process.pid
    os.kill(first, signal.SIGKILL)
    child.process.wait()
    assert look_until(supervisor, lambda: child.is_running and child.process.pid != first)
    assert supervisor.told[0].startswith("sleeper ended (exit code -9)")


def test_a_child_that_keeps_dying_is_restarted_more_and_more_slowly(supervisor):
    child = supervisor.start("broken", [sys.executable, "-c", "raise SystemExit(3)"])
    assert look_until(supervisor, lambda: child.pause == module.LONGEST_PAUSE)


def test_stop_ends_all_children(supervisor):
    children = [supervisor.start(name, SLEEP) for name in ("one", "two", "three")]
    supervisor.stop()
    assert not any(child.is_running for child in children)


def test_a_child_that_ignores_the_signal_is_killed(supervisor, monkeypatch, tmp_path):
    monkeypatch.setattr(module, "PATIENCE", 0.2)
    child = supervisor.start("stubborn", [sys.executable, "-c", STUBBORN, str(tmp_path / "deaf")])
    assert look_until(supervisor, (tmp_path / "deaf").exists, seconds=20)
    supervisor.stop()
    assert child.process.returncode == -signal.SIGKILL


def test_ctrl_c_ends_the_run_in_order(supervisor):
    child = supervisor.start("sleeper", SLEEP)
    Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    supervisor.run()
    assert child.process.returncode == -signal.SIGTERM


def test_children_get_the_environment(supervisor):
    child = supervisor.start(
        "env", [sys.executable, "-c", "import os; raise SystemExit(os.environ['SPM_MARK'] == 'x')"]
    )
    assert child.process.wait(10) == 1


def test_a_taken_port_is_named_in_words():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotStart, match=f"Port {port} on 127.0.0.1 is taken"):
            listen("127.0.0.1", port)


def test_a_data_folder_that_cannot_be_made_is_named_in_words(settings, tmp_path):
    (tmp_path / "file").touch()
    settings.DATA_DIR = tmp_path / "file" / "main"
    with pytest.raises(CannotStart, match="cannot be made"):
        writable_data_dir()
