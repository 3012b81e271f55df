# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Programs that a test starts: inside a namespace and a cgroup, with deadlines, never left over."""

import atexit
import ctypes
import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time

CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG = 1
POLL_S = 0.005

_libc = ctypes.CDLL(None, use_errno=True)
_running = []


class LabError(AssertionError):
    """The lab, not the measured program, or a program that didn't do what it was told in time."""


def tool(name):
    """Path of one of the compiled tools."""
    return os.path.join(os.environ.get("JB_TOOLS", "build/tests/net"), name)


def jitterbug():
    """Path of the binary under test."""
    return os.environ.get("JITTERBUG", "build/jitterbug")


def wait_until(predicate, deadline, what):
    """Polls until the predicate is true and returns its value; LabError after `deadline` s."""
    end = time.monotonic() + deadline
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() > end:
            raise LabError(f"not within {deadline} s: {what}")
        time.sleep(POLL_S)


def enter_netns(name):
    """Moves the calling thread into the named network namespace."""
    fd = os.open(f"/run/netns/{name}", os.O_RDONLY | os.O_CLOEXEC)
    try:
        if _libc.setns(fd, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"setns {name}")
    finally:
        os.close(fd)


def run_in_netns(name, function):
    """Calls the function in a thread inside the namespace; sockets it makes stay there."""
    outcome = {}

    def inside():
        try:
            enter_netns(name)
            outcome["value"] = function()
        except BaseException as error:  # handed to the caller's thread
            outcome["error"] = error

    thread = threading.Thread(target=inside)
    thread.start()
    thread.join()
    if "error" in outcome:
        raise outcome["error"]
    return outcome["value"]


class Process:
    """A child that is killed at the end whatever happens; also a context manager.

    netns is a namespace's name, cgroup a Cgroup or a path: the child enters both before it becomes
    the program, because a socket belongs to the cgroup in which it was created. With ready=True it
    must print a line that begins with `ready` within `deadline` seconds. Start it from the main
    thread: it dies with the thread that started it.
    """

    def __init__(self, *argv, netns=None, cgroup=None, ready=False, deadline=10, env=None):
        self.argv = [str(argument) for argument in argv]
        self._directory = tempfile.mkdtemp(prefix="jbt-")
        self._out = os.path.join(self._directory, "out")
        self._err = os.path.join(self._directory, "err")
        self._stdout = self._stderr = None
        self._popen = None
        _running.append(self)
        try:
            self._start(netns, cgroup, env)
            if ready:
                self._wait_ready(deadline)
        except BaseException:
            self.close()
            raise

    def _start(self, netns, cgroup, env):
        procs = os.path.join(getattr(cgroup, "path", cgroup), "cgroup.procs") if cgroup else None

        def before_exec():
            _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            if netns:
                enter_netns(netns)
            if procs:
                with open(procs, "w") as file:
                    file.write(str(os.getpid()))

        with open(self._out, "w") as out, open(self._err, "w") as err:
            self._popen = subprocess.Popen(
                self.argv, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                preexec_fn=before_exec, env={**os.environ, **env} if env else None)

    def _is_ready(self):
        if self._popen.poll() is not None:
            raise LabError(f"{self} ended with {self._popen.returncode}: {self.stderr}")
        return any(line.startswith("ready") for line in self.stdout.splitlines())

    def _wait_ready(self, deadline):
        wait_until(self._is_ready, deadline, f"{self} ready; it said: {self.stderr}")

    def __str__(self):
        return " ".join(self.argv)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    @property
    def pid(self):
        return self._popen.pid

    @property
    def returncode(self):
        return self._popen.poll()

    @staticmethod
    def _read(path):
        with open(path, errors="replace") as file:
            return file.read()

    @property
    def stdout(self):
        return self._stdout if self._stdout is not None else self._read(self._out)

    @property
    def stderr(self):
        return self._stderr if self._stderr is not None else self._read(self._err)

    def send_signal(self, number):
        self._popen.send_signal(number)

    def wait(self, deadline=10):
        """The exit status; LabError when the program goes on beyond the deadline."""
        try:
            return self._popen.wait(deadline)
        except subprocess.TimeoutExpired:
            raise LabError(f"not within {deadline} s: end of {self}") from None

    def stop(self, number=signal.SIGTERM, deadline=10):
        """Signals it, waits, and returns its exit status."""
        self.send_signal(number)
        return self.wait(deadline)

    def summary(self, deadline=10):
        """Waits for its end with status 0 and returns the JSON of its last line."""
        status = self.wait(deadline)
        if status:
            raise LabError(f"{self} ended with {status}: {self.stderr}")
        return json.loads(self.stdout.splitlines()[-1])

    def finish(self, deadline=10):
        """SIGTERM, then summary()."""
        self.send_signal(signal.SIGTERM)
        return self.summary(deadline)

    def close(self):
        """Kills it if it still runs; its output stays readable."""
        if self not in _running:
            return
        _running.remove(self)
        if self._popen and self._popen.poll() is None:
            self._popen.kill()
            self._popen.wait()
        if os.path.exists(self._out) and os.path.exists(self._err):
            self._stdout, self._stderr = self._read(self._out), self._read(self._err)
        shutil.rmtree(self._directory, ignore_errors=True)


@atexit.register
def close_processes():
    """Ends all that still run, the youngest first."""
    for process in reversed(list(_running)):
        process.close()
