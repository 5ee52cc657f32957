"""The site on ASGI and its workers, in the foreground: ``make serve``, or ``python example_project/serve.py``.

Migrates, starts uvicorn and ``mediacloud_worker``, and says when ``/healthz`` answers. Ctrl-C or SIGTERM stops all
of it: the workers finish or hand back what they run. Exit code 0 after that; 1 if a part ended by itself; 2 if the
port is taken.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import psutil

ROOT = Path(__file__).resolve().parent.parent
MANAGE = str(ROOT / "example_project" / "manage.py")
READY_S = 60.0
GRACE_S = 30.0
"""How long the parts may take to stop before they are killed."""


def main() -> int:
    arguments = _arguments()
    stop = threading.Event()
    signals_seen = [0]

    def ask_to_stop(_signum: int, _frame: FrameType | None) -> None:
        signals_seen[0] += 1
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, ask_to_stop)
    if is_taken(arguments.host, arguments.port):
        print(f"Port {arguments.port} of {arguments.host} is taken; choose another with PORT=...", file=sys.stderr)
        return 2
    environ = os.environ | {"PYTHONUNBUFFERED": "1"}
    if subprocess.run([sys.executable, MANAGE, "migrate", "--noinput", "-v", "0"], env=environ).returncode:
        return 1
    parts = {"web server": start_web(arguments.host, arguments.port, environ)}
    if arguments.workers:
        parts["workers"] = start_workers(arguments.workers, environ)
    try:
        exit_code = watch(parts, f"http://{arguments.host}:{arguments.port}", stop)
    finally:
        stop_all(list(parts.values()), lambda: signals_seen[0] > 1)
    return exit_code


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Run the example site and its workers until Ctrl-C.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=int(os.environ.get("PORT") or 8000))
    parser.add_argument("--workers", type=int, default=int(os.environ.get("WORKERS") or 1))
    return parser.parse_args()


def is_taken(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


def start_web(host: str, port: int, environ: dict[str, str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "uvicorn", "example_project.asgi:application"]
    command += ["--host", host, "--port", str(port), "--lifespan", "off", "--log-level", "warning"]
    command += ["--timeout-graceful-shutdown", "5"]
    return _start(command, {"DATABASE_POOL": "1"} | environ)


def start_workers(count: int, environ: dict[str, str]) -> subprocess.Popen[bytes]:
    return _start([sys.executable, MANAGE, "mediacloud_worker", "--processes", str(count)], environ)


def _start(command: list[str], environ: dict[str, str]) -> subprocess.Popen[bytes]:
    # A session of its own: a terminal's Ctrl-C reaches this process only, which then stops the parts in good order.
    return subprocess.Popen(command, cwd=ROOT, env=environ, stdin=subprocess.DEVNULL, start_new_session=True)


def watch(parts: dict[str, subprocess.Popen[bytes]], address: str, stop: threading.Event) -> int:
    """Waits until ``stop`` is set (0) or a part ends by itself or the site does not get ready (1)."""
    waited_s, is_ready = 0.0, False
    while not stop.wait(0.2):
        for name, process in parts.items():
            if process.poll() is not None:
                print(f"The {name} ended with exit code {process.returncode}.", file=sys.stderr)
                return 1
        if is_ready:
            continue
        if is_ready := is_healthy(address):
            print(f"Ready: {address}/  (admin: {address}/admin/)\nCtrl-C stops the site and its workers.", flush=True)
        waited_s += 0.2
        if not is_ready and waited_s > READY_S:
            print(f"{address}/healthz did not answer 200 within {READY_S:.0f} s.", file=sys.stderr)
            return 1
    return 0


def is_healthy(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/healthz", timeout=5) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def stop_all(processes: list[subprocess.Popen[bytes]], is_impatient: Callable[[], bool]) -> None:
    """Asks every part to stop, waits, then kills whatever is left of them and of the processes they started."""
    family = [member for process in processes if process.poll() is None for member in _family(process.pid)]
    for process in processes:
        if process.poll() is None:
            process.terminate()
    deadline = time.monotonic() + GRACE_S
    while time.monotonic() < deadline and not is_impatient():
        if all(process.poll() is not None for process in processes):
            break
        time.sleep(0.1)
    for member in family:
        # psutil knows a process by its start time too, so that a number given anew is left alone.
        with contextlib.suppress(psutil.NoSuchProcess):
            member.kill()
    for process in processes:
        # What outlived a part that ended by itself is still in that part's group.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    psutil.wait_procs(family, timeout=5)


def _family(pid: int) -> list[psutil.Process]:
    try:
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


if __name__ == "__main__":
    sys.exit(main())
