# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A headless Chromium in a namespace and a cgroup, driven by browser.js."""

import contextlib
import http.client
import json
import os
import signal
import socket
import tempfile

from lab import LabError, Process, wait_until

SCRIPT = os.path.join(os.path.dirname(__file__), "browser.js")
START_S, CALL_S, END_S = 30, 15, 5


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _pids(cgroup):
    with open(os.path.join(cgroup.path, "cgroup.procs")) as file:
        return [int(line) for line in file]


class Browser:
    """One page with one peer connection; a context manager. The cgroup is its alone."""

    def __init__(self, netns, cgroup):
        self.cgroup, self.unit = cgroup, cgroup.relative
        self._directory = tempfile.TemporaryDirectory(prefix="jbt-")
        home = self._directory.name
        self._socket = os.path.join(home, "socket")
        self._process = None
        try:
            self._process = Process(
                "node", SCRIPT, self._socket, os.path.join(home, "profile"),
                netns=netns, cgroup=cgroup, env={"HOME": home, "TMPDIR": home})
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def wait_ready(self):
        """Until the page is there: browsers start side by side."""
        def ready():
            if self._process.returncode is not None:
                raise LabError(f"{self._process}: {self._process.stderr}")
            return "ready" in self._process.stdout
        wait_until(ready, START_S, f"{self._process} ready: {self._process.stderr}")

    def call(self, name, *arguments):
        """The result of the function of page.js."""
        with contextlib.closing(_UnixConnection(self._socket, CALL_S)) as connection:
            connection.request("POST", f"/{name}", json.dumps(arguments))
            response = connection.getresponse()
            text = response.read().decode()
        if response.status != 200:
            raise LabError(f"{name}: {text}")
        return json.loads(text)

    def close(self):
        """Asks it to end, then kills what of it is left in its cgroup."""
        try:
            if self._process:
                with contextlib.suppress(LabError):
                    self._process.stop(deadline=END_S)
                self._process.close()
                self._kill()
        finally:
            self._directory.cleanup()

    def _kill(self):
        def gone():
            pids = _pids(self.cgroup)
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            return not pids
        wait_until(gone, END_S, f"{self.unit} empty")
