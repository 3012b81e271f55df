# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Container images made of programs of this machine and the libraries that they are linked with."""

import hashlib
import io
import json
import os
import platform
import re
import shutil
import subprocess
import tarfile

from lab_process import jitterbug, tool

# Nobody serves these names: the images are only ever imported.
AGENT = "images.test/jitterbug:1"
TOOLS = "images.test/tools:1"
MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


def _libraries(program):
    """Paths as the dynamic linker looks for them; none for a static program."""
    result = subprocess.run(["ldd", program], capture_output=True, text=True)
    return re.findall(r"(/\S+) \(0x", result.stdout)


def _directory(name):
    info = tarfile.TarInfo(name)
    info.type, info.mode = tarfile.DIRTYPE, 0o755
    return info


def _layer(programs, links):
    """programs: {path in the image: path here}; links: {path in the image: target}."""
    files = dict(programs)
    for program in programs.values():
        files.update((library, library) for library in _libraries(program))
    parents = {path[:at] for path in [*files, *links] for at in range(1, len(path))
               if path[at] == "/"} | {"/tmp", "/proc", "/sys", "/dev", "/etc", "/run"}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for path in sorted(parents):
            tar.addfile(_directory(path.lstrip("/")))
        for path, source in sorted(files.items()):
            with open(source, "rb") as file:
                info = tarfile.TarInfo(path.lstrip("/"))
                info.size, info.mode = os.fstat(file.fileno()).st_size, 0o755
                tar.addfile(info, file)
        for path, target in sorted(links.items()):
            info = tarfile.TarInfo(path.lstrip("/"))
            info.type, info.linkname = tarfile.SYMTYPE, target
            tar.addfile(info)
    return buffer.getvalue()


def _add(tar, name, content):
    info = tarfile.TarInfo(name)
    info.size = len(content)
    tar.addfile(info, io.BytesIO(content))


def _write(path, name, command, layer):
    """An archive as `docker save` writes it."""
    config = json.dumps({
        "architecture": MACHINES[platform.machine()], "os": "linux",
        "config": {"Entrypoint": command, "Env": ["PATH=/bin"]},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]},
        "history": [{"created_by": "tests"}]}).encode()
    manifest = [{"Config": "config.json", "RepoTags": [name], "Layers": ["layer.tar"]}]
    with tarfile.open(path, "w") as tar:
        _add(tar, "config.json", config)
        _add(tar, "layer.tar", layer)
        _add(tar, "manifest.json", json.dumps(manifest).encode())


def write(directory):
    """Writes the archives; their paths. The one of tools is what a pod's sandbox runs, too."""
    agent, tools = (os.path.join(directory, f"{name}.tar") for name in ("agent", "tools"))
    _write(agent, AGENT, ["/bin/jitterbug"], _layer({"/bin/jitterbug": jitterbug()}, {}))
    programs = {f"/bin/{name}": tool(name) for name in ("sender", "receiver", "tcp_tool")}
    programs["/bin/busybox"] = shutil.which("busybox")
    links = {f"/bin/{name}": "busybox" for name in ("sh", "sleep")}
    _write(tools, TOOLS, ["/bin/sleep", "2000000000"], _layer(programs, links))
    return agent, tools
