"""Work done by a process of its own that is killed in the midst of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

needs_kill = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no kill -9")

_PROGRAM = """
import os, pkgutil, signal, sys

owner, name, moment, call = sys.argv[1:5]
owner, calls = pkgutil.resolve_name(owner), 0
real = getattr(owner, name)

def deadly(*args, **kwargs):
    global calls
    calls += 1
    if calls == int(call) and moment == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    result = real(*args, **kwargs)
    if calls == int(call):
        os.kill(os.getpid(), signal.SIGKILL)
    return result

setattr(owner, name, deadly)
folder = sys.argv[5]
"""


def killed(work: str, folder: Path, owner: str, name: str, moment: str, call: int) -> list[str]:
    """Let a process do `work`, Python that finds `folder`, until it is killed; return the lines it has written.

    It is killed `before` or `after` what `owner` has by that `name` runs for the `call`-th time.
    """
    program = [sys.executable, "-c", _PROGRAM + work, owner, name, moment, str(call), str(folder)]
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    run = subprocess.run(program, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": path})
    assert run.returncode == -signal.SIGKILL, run.stdout + run.stderr
    return run.stdout.splitlines()
