# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Containers of Docker and Podman that are in no pod: told by the names that their files tell."""

import json
import uuid

import pytest

import lab
import live

# The host's /var/lib, in a mount namespace of the agent's own.
WITH_FILES = 'mount --bind "$0" /var/lib && exec "$@"'
PODMAN = "containers/storage/overlay-containers"


class Host:
    """The files of Docker and Podman, and an agent that sees them."""

    def __init__(self, path, agent):
        self.path, self.agent = path, agent

    def docker(self, number, name):
        directory = self.path / "docker/containers" / number
        directory.mkdir(parents=True)
        (directory / "config.v2.json").write_text(json.dumps({"ID": number, "Name": f"/{name}"}))

    def podman(self, number, name):
        directory = self.path / PODMAN
        directory.mkdir(parents=True, exist_ok=True)
        file, new = directory / "containers.json", directory / "new"
        before = json.loads(file.read_text()) if file.exists() else []
        new.write_text(json.dumps(before + [{"id": number, "names": [name]}]))
        new.rename(file)

    def packets(self, unit):
        return lab.total(self.agent.metrics(), "jitterbug_rtp_packets_total", direction="egress",
                         unit=unit, namespace="", pod="", container="")

    def await_packets(self, count, unit):
        lab.wait_until(lambda: self.packets(unit) == count, 10, f"{count} of {unit}")


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    path = tmp_path_factory.mktemp("lib")
    with lab.Agent("--kubernetes", "off",
                   before=("unshare", "-m", "sh", "-c", WITH_FILES, str(path))) as agent:
        yield Host(path, agent)


@pytest.fixture
def top():
    with lab.Cgroup("containers") as top:
        yield top


def new_id():
    return uuid.uuid4().hex * 2


def send(cgroup, packets, ssrc=0x60000):
    with live.make_socket(cgroup) as one:
        for seq in range(packets):
            one.sendto(live.rtp(ssrc, seq, ts=seq), ("127.0.0.1", 9))


@pytest.mark.parametrize("layout", ["system.slice/docker-{}.scope", "docker/{}",
                                    "docker/{}/init.scope"])
def test_docker(host, top, stack, layout):
    number, name = new_id(), f"web-{uuid.uuid4().hex[:6]}"
    host.docker(number, name)
    cgroup = stack.enter_context(lab.Cgroup(layout.format(number), parent=top))
    send(cgroup, 37)
    host.await_packets(37, f"docker:{name}")
    assert live.unit_names(host.agent.metrics(), top.relative) == set()


def test_its_successor_goes_on_counting(host, top, stack):
    for packets, so_far in ((20, 20), (30, 50)):
        number = new_id()
        host.docker(number, "sip")
        send(stack.enter_context(lab.Cgroup(f"docker/{number}", parent=top)), packets)
        host.await_packets(so_far, "docker:sip")


def test_podman(host, top, stack):
    """The list is read again for the second."""
    for name, packets in (("one", 11), ("two", 12)):
        number = new_id()
        host.podman(number, name)
        path = f"machine.slice/libpod-{number}.scope/container"
        send(stack.enter_context(lab.Cgroup(path, parent=top)), packets)
        host.await_packets(packets, f"podman:{name}")


def test_whose_name_is_not_told(host, top, stack):
    number = new_id()
    cgroup = stack.enter_context(lab.Cgroup(f"docker/{number}", parent=top))
    send(cgroup, 9)
    host.await_packets(9, cgroup.relative)
