# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A Janus server in a namespace and a cgroup: its echotest sends back what a browser sends."""

import contextlib
import glob
import http.client
import json
import os
import tempfile

from lab import LabError, Process, run_in_netns, wait_until

FOLDERS = ("/usr/lib/*/janus", "/usr/lib64/janus", "/usr/lib/janus", "/usr/local/lib/janus")
PORT = 8088
START_S, CALL_S, END_S = 15, 10, 5

CONFIG = """\
general: {{
	plugins_folder = "{folder}/plugins"
	transports_folder = "{folder}/transports"
	events_folder = "{folder}/events"
	loggers_folder = "{folder}/loggers"
	debug_level = 3
	server_name = "jitterbug"
}}
nat: {{
	ice_enforce_list = "eth0"
}}
plugins: {{
	disable = "{plugins}"
}}
transports: {{
	disable = "{transports}"
}}
"""
TRANSPORT = f"""\
general: {{
	http = true
	port = {PORT}
	ip = "127.0.0.1"
	https = false
}}
admin: {{
	admin_http = false
	admin_https = false
}}
"""


def folder():
    """Where the distribution has Janus' libraries; None without Janus."""
    return next((path for pattern in FOLDERS for path in glob.glob(pattern)), None)


def _others(directory, wanted):
    """The libraries in the directory but for the wanted one, as the configuration lists them."""
    names = (os.path.basename(path) for path in glob.glob(os.path.join(directory, "*.so")))
    return ",".join(sorted(name for name in names if name != wanted))


class Janus:
    """The server and one session with the echotest; a context manager."""

    def __init__(self, netns, cgroup):
        self.netns, self.cgroup, self.unit = netns, cgroup, cgroup.relative
        self._handle = None
        self._process = None
        self._directory = tempfile.TemporaryDirectory(prefix="jbt-")
        try:
            self._configure(folder())
            self._process = Process("janus", "-F", self._directory.name, netns=netns,
                                    cgroup=cgroup)
        except BaseException:
            self.close()
            raise

    def _configure(self, libraries):
        files = {
            "janus.jcfg": CONFIG.format(
                folder=libraries,
                plugins=_others(f"{libraries}/plugins", "libjanus_echotest.so"),
                transports=_others(f"{libraries}/transports", "libjanus_http.so")),
            "janus.transport.http.jcfg": TRANSPORT,
            "janus.plugin.echotest.jcfg": "general: {\n}\n",
        }
        for name, text in files.items():
            with open(os.path.join(self._directory.name, name), "w") as file:
                file.write(text)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def wait_ready(self):
        """Until the echotest has a session for us."""
        session = wait_until(self._try_create, START_S, f"{self._process} ready")
        handle = self._post(f"/janus/{session}", janus="attach", plugin="janus.plugin.echotest")
        self._session = f"/janus/{session}"
        self._handle = f"{self._session}/{handle['data']['id']}"

    def _try_create(self):
        if self._process.returncode is not None:
            raise LabError(f"{self._process}: {self._process.stdout} {self._process.stderr}")
        try:
            return self._post("/janus", janus="create")["data"]["id"]
        except OSError:
            return None

    def _request(self, method, path, body=None):
        def fetch():
            connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=CALL_S)
            with contextlib.closing(connection):
                connection.request(method, path, json.dumps(body) if body else None)
                return json.loads(connection.getresponse().read())
        return run_in_netns(self.netns, fetch)

    def _post(self, path, **body):
        reply = self._request("POST", path, {"transaction": "lab", **body})
        if reply["janus"] not in ("success", "ack"):
            raise LabError(f"{path} {body.get('janus')}: {reply}")
        return reply

    def echo(self, offer):
        """The answer to a browser's offer."""
        self._post(self._handle, janus="message", body={"audio": True, "video": True}, jsep=offer)
        return wait_until(self._event, CALL_S, "an answer of the echotest")

    def _event(self):
        return self._request("GET", f"{self._session}?maxev=1").get("jsep")

    def video(self, on):
        """Lets the echotest send video or not; on, it asks the browser for a key frame (PLI)."""
        self._post(self._handle, janus="message", body={"video": on})

    def close(self):
        if self._process:
            with contextlib.suppress(LabError):
                self._process.stop(deadline=END_S)
            self._process.close()
        self._directory.cleanup()
