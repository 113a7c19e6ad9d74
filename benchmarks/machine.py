"""What every measurement needs: the machine in words, a limit on threads, times, sizes, questions from the corpus."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import random
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path
from typing import Any

STOCK = "llama-index-vector-stores-chroma"
_PACKAGES = ("llama-index-core", STOCK, "chromadb", "onnxruntime", "tantivy", "tokenizers", "numpy")
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS", "TOKENIZERS_NUM_THREADS")
TEXT_SUFFIXES = (".txt", ".md")


def described() -> str:
    """Describe the machine and the versions, in a line each; and warn where others are at work on it."""
    versions = [f"{name} {found}" for name in _PACKAGES if (found := version(name))]
    load = os.getloadavg()[0]
    warning = "" if load < 0.5 else "\nThis machine is at work on other things: such numbers mean little."
    return (
        f"{_processor()}, {cores()} cores, {_memory_gib():.0f} GiB, {platform.system()} {platform.release()}, "
        f"load {load:.1f}\nPython {platform.python_version()}; {', '.join(versions)}{warning}"
    )


def cores() -> int:
    """Count the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def version(package: str) -> str | None:
    """Return the version of an installed package, or None."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _processor() -> str:
    try:
        named = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.M)
    except OSError:
        named = None
    return named[1] if named else platform.processor() or platform.machine()


def _memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def arguments(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """Read the command line, and keep to as many cores as its `--threads` says."""
    parser.add_argument("--threads", type=int, default=2, help="cores for all that runs, together (default: 2)")
    given = parser.parse_args()
    limit_threads(given.threads)
    return given


def limit_threads(count: int) -> None:
    """Keep this process, and those it starts, to so many cores; call it before anything that makes threads."""
    os.environ["QA_THREADS"] = str(count)
    for name in _THREAD_VARIABLES:
        os.environ[name] = str(count)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:count])


def peak_memory() -> int:
    """Return the most bytes of memory that this process has had at one time."""
    with contextlib.suppress(OSError):  # on Linux what `getrusage` says begins with what the parent had
        status = Path("/proc/self/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) * 1024  # type: ignore[index]
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def family_memory(process: int, *, kinds: Sequence[str] = ("Rss",)) -> int:
    """Return the bytes of memory of a process, and what those that it started have for themselves; 0 if unknown."""
    try:
        sizes = Path(f"/proc/{process}/smaps_rollup").read_text()
        tasks = list(Path(f"/proc/{process}/task").iterdir())
        children = [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except OSError:  # it has just ended, or this is no Linux
        return 0
    own = sum(1024 * int(size) for kind in kinds for size in re.findall(rf"^{kind}:\s*(\d+)", sizes, re.M))
    return own + sum(family_memory(child, kinds=("Private_Clean", "Private_Dirty")) for child in children)


def size_of(folder: Path) -> int:
    """Add up the bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def text_files(folder: Path) -> list[Path]:
    """List the plain-text files of a folder, hidden ones left out."""
    found = (path for path in folder.rglob("*") if path.suffix in TEXT_SUFFIXES and path.is_file())
    return sorted(path for path in found if not any(part.startswith(".") for part in path.relative_to(folder).parts))


def copy_texts(folder: Path, out: Path, *, files: Sequence[Path] | None = None) -> int:
    """Copy the plain-text files of a folder, or some of them, dated an hour ago; return their bytes."""
    files = text_files(folder) if files is None else files
    for path in files:
        place = out / path.relative_to(folder)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, place)
        # a file that changed just now is rightly read once more by the next sync
        os.utime(place, (time.time() - 3600,) * 2)
    return sum(path.stat().st_size for path in files)


def questions(folder: Path, count: int, *, seed: int = 0) -> list[str]:
    """Take fragments of 6 to 12 words from the files of a folder, to be searched for; the same for the same folder."""
    order = random.Random(seed)
    files = text_files(folder)
    chosen: list[str] = []
    for _ in range(20 * count if files else 0):
        words = re.findall(r"\w[\w'-]*", order.choice(files).read_text("utf-8", "ignore"))
        start = order.randrange(max(1, len(words) - 12))
        fragment = " ".join(words[start : start + order.randint(6, 12)])
        if len(fragment) > 20:
            chosen.append(fragment)
        if len(chosen) == count:
            return chosen
    raise SystemExit(f"{folder} has not enough .txt and .md files to make {count} questions.")


def timed(action: Callable[[], Any]) -> float:
    """Return how many seconds an action takes."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def times(ask: Callable[[str], Any], questions: Sequence[str]) -> list[float]:
    """Ask five questions to warm up, then all of them; return the seconds that each took."""
    for question in questions[-5:]:
        ask(question)
    return [timed(lambda: ask(question)) for question in questions]  # noqa: B023 - called before the next


def percentile(values: Sequence[float], percent: int) -> float:
    """Return the value that so many percent of the values are not above."""
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def run(arguments: Sequence[str | Path]) -> tuple[float, Any]:
    """Run Python with these arguments; return the seconds of the whole process and the JSON that it printed last."""
    began = time.perf_counter()
    printed = quietly(arguments)
    return time.perf_counter() - began, json.loads(printed.splitlines()[-1])


def watched(arguments: Sequence[str | Path]) -> tuple[int, Any]:
    """Run Python with these arguments; return the most memory that was seen, and the JSON that it printed last."""
    with (
        ThreadPoolExecutor(1) as beside,
        subprocess.Popen(
            [sys.executable, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process,
    ):
        printed = beside.submit(process.communicate)
        most = 0
        while not printed.done():
            most = max(most, family_memory(process.pid))
            time.sleep(0.25)
    out, said = printed.result()
    if process.returncode:
        raise SystemExit(f"{' '.join(map(str, arguments))} ended with {process.returncode}:\n{said[-2000:]}")
    return most, json.loads(out.splitlines()[-1])


def quietly(arguments: Sequence[str | Path]) -> str:
    """Run Python with these arguments and return what it printed."""
    done = subprocess.run([sys.executable, *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, arguments))} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return done.stdout
