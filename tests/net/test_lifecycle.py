# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Workloads and streams that come and go: no counter falls, no figure lands on another workload.

Idle streams take 30 s to go, so one story is told to three agents at once and judged by its record.
"""

import json
import os
import signal
import subprocess
import threading
import time

import pytest

import lab
import live

PORT = 21000
SSRC = 0x1F00_0000
GRACE_S = 2
MAX_STREAMS = 64
MAX_WORKLOADS = 20
MAX_SERIES = 1000
CHURN = 120
POLL_S = 0.1
# The longest way of a series to its end: idle 30 s, two passes of 5 s, the grace, 4 s in limbo,
# and one pass more.
IDLE_S = 30
GONE_S = 55


# The monitor

COUNTERS = ("_total", "_bucket", "_count", "_sum")


class Monitor(threading.Thread):
    """Scrapes an agent all the time; keeps what fell and when which unit was seen."""

    def __init__(self, agent):
        super().__init__(daemon=True)
        self.agent = agent
        self.falls, self.errors, self.pages = [], [], 0
        self.latest = {}
        self.seen = {}     # unit -> [(first, last) time of each of its lives]
        self._values = {}
        self._ended = threading.Event()

    def run(self):
        while not self._ended.wait(POLL_S):
            try:
                self._take(self.agent.metrics())
            except (OSError, AssertionError) as error:
                self.errors.append(str(error))

    def _take(self, metrics):
        now = time.monotonic()
        for key, value in metrics.items():
            if key[0].endswith(COUNTERS):
                if value < self._values.get(key, 0):
                    self.falls.append((key, self._values[key], value))
                self._values[key] = value
        before = live.unit_names(self.latest)
        for unit in live.unit_names(metrics):
            if unit not in before:
                self.seen.setdefault(unit, []).append([now, now])
            self.seen[unit][-1][1] = now
        self.latest = metrics
        self.pages += 1

    def fresh(self):
        """A page that was asked for after this call."""
        pages = self.pages
        lab.wait_until(lambda: self.pages >= pages + 2 or self.errors, 15, "the monitor's page")
        return self.latest

    def stop(self):
        self._ended.set()
        self.join()


# The story

class Story:
    """What was sent and what the agents told, by the time of the telling."""

    def __init__(self, top, sink, agents):
        self.top, self.sink = top, sink
        self.monitors = {name: Monitor(agent) for name, agent in agents.items()}
        self.sent = 0        # egress, by all cgroups but the crowd's
        self.churned = {}    # unit -> packets
        self.notes = {}
        self._ssrc = SSRC

    def cgroup(self, name):
        return lab.Cgroup(name, parent=self.top)

    def send(self, one, ssrc, packets, seq=0):
        for n in range(packets):
            # No clock rate fits these timestamps: the media stays unknown, the row one.
            one.sendto(live.rtp(ssrc, seq + n, ts=seq + n), self.sink.getsockname())
        self.sent += packets

    def brief(self, cgroup, packets):
        """One stream of that many packets by that cgroup."""
        self._ssrc += 1
        with live.make_socket(cgroup) as one:
            self.send(one, self._ssrc, packets)

    def page(self, name):
        return self.monitors[name].fresh()

    def named(self, cgroup, name="small"):
        """Waits until the unit is told of."""
        lab.wait_until(lambda: cgroup.relative in live.unit_names(self.monitors[name].latest), 10,
                       f"{cgroup.relative} named")


def vanish(story):
    """37 packets and gone; and one that is gone and back at once."""
    with story.cgroup("vanish") as cgroup:
        story.brief(cgroup, 37)
        story.named(cgroup)
    story.notes["vanished"] = (cgroup.relative, time.monotonic())
    for packets, so_far in ((20, 20), (30, 50)):
        with story.cgroup("again") as cgroup:
            story.brief(cgroup, packets)
            lab.wait_until(lambda: live.unit_packets(story.monitors["small"].latest, cgroup,
                                                     "egress") == so_far, 10, "again counted")
    story.notes["again"] = cgroup.relative


def held(story):
    """Sockets that outlive their cgroups: one that is known by then, one that has sent nothing."""
    known, mute = story.cgroup("held"), story.cgroup("mute")
    sockets = live.make_socket(known), live.make_socket(mute)
    story.send(sockets[0], SSRC + 0x1000, 10)
    story.named(known)
    story.notes["held"], story.notes["mute"] = known.relative, mute.relative
    known.close()
    mute.close()
    return sockets


def keep_sending(story, sockets, number):
    """One packet of each held socket, by a process that lives elsewhere."""
    story.send(sockets[0], SSRC + 0x1000, 1, seq=10 + number)
    story.send(sockets[1], SSRC + 0x1001, 1, seq=number)


def churn(story, prefix, count, packets):
    """Cgroups that come, send, and go; the i-th sends packets + i."""
    for n in range(count):
        with story.cgroup(f"{prefix}{n}") as cgroup:
            story.brief(cgroup, packets + n)
            story.churned[cgroup.relative] = packets + n


def crowd(story, cgroup):
    """300 streams of ten packets for a table of 64, in turns."""
    with live.make_socket(cgroup) as one:
        for n in range(10):
            for ssrc in range(300):
                one.sendto(live.rtp(SSRC + 0x2000 + ssrc, n), story.sink.getsockname())


def tell(story, crowded):
    crowd(story, crowded)
    story.notes["crowd"] = story.page("crowded")
    vanish(story)
    sockets = held(story)
    churn(story, "churn", CHURN, 10)
    story.notes["churn"] = story.page("small"), story.page("folded")
    story.notes["churn_sent"] = story.sent
    held_until = time.monotonic() + 15  # several times the grace, and three passes
    count = 0
    while time.monotonic() < held_until:
        keep_sending(story, sockets, count)
        count += 1
        time.sleep(0.05)
    story.notes["held_sent"] = 10 + count, count
    story.notes["held_page"] = story.page("small")
    assert story.monitors["small"].errors == []
    for one in sockets:
        one.close()
    end = time.monotonic() + GONE_S
    lab.wait_until(lambda: not live.unit_names(story.monitors["small"].latest,
                                               story.top.relative + "/held") or
                   time.monotonic() > end, GONE_S + 5, "")
    story.notes["gone_page"] = story.page("small")
    first, story.churned = story.churned, {}
    crowd(story, crowded)
    with lab.Cgroup("late", parent=story.top) as late:
        story.brief(late, 41)
        story.named(late)
        churn(story, "second", MAX_WORKLOADS, 500)
        for n in range(5):
            with story.cgroup(f"stays{n}") as cgroup:
                story.brief(cgroup, 700 + n)
                story.named(cgroup)
                story.churned[cgroup.relative] = 700 + n
        story.notes["late"] = late.relative
        story.notes["second"] = story.page("small"), story.page("folded"), story.page("crowded")
    story.notes["second_churned"], story.churned = story.churned, first


def told_attached(agent):
    metrics = agent.metrics()
    return [lab.total(metrics, "jitterbug_agent_program_attached", program=name)
            for name in ("jb_media_ingress", "jb_media_egress", "jb_tcp_sockops")] + \
        [lab.total(metrics, "jitterbug_agent_feature_available", feature="media")]


@pytest.fixture(scope="module")
def removed():
    """(agent, what it logged) once its cgroup has gone; the story is time for further passes."""
    with lab.Cgroup("removed") as cgroup, lab.Agent("--cgroup", cgroup.path) as agent:
        assert told_attached(agent) == [1, 1, 1, 1]
        os.rmdir(cgroup.path)
        line = f"the cgroup {cgroup.path} is gone: no packet is measured\n"
        lab.wait_until(lambda: agent.get("/readyz") == (503, line), 10, "not ready")
        assert told_attached(agent) == [0, 0, 0, 0]
        lab.wait_until(lambda: f" error: {line}" in agent.process.stderr, 10, "logged")
        yield agent, line


@pytest.fixture(scope="module")
def story(removed):
    grace = ("--grace", f"{GRACE_S}s")
    with lab.Cgroup("life") as top, lab.Cgroup("crowd") as crowded, \
            lab.Cgroup("lifesink") as sinks, live.udp_sink(sinks, "127.0.0.1") as sink, \
            lab.Agent("--cgroup", top.path, *grace, "--max-workloads", MAX_WORKLOADS) as small, \
            lab.Agent("--cgroup", top.path, *grace, "--max-series", MAX_SERIES) as folded, \
            lab.Agent("--cgroup", crowded.path, *grace, "--max-streams", MAX_STREAMS) as narrow:
        story = Story(top, sink, {"small": small, "folded": folded, "crowded": narrow})
        story.crowd_unit = crowded.relative
        for monitor in story.monitors.values():
            monitor.start()
        try:
            tell(story, crowded)
        finally:
            for monitor in story.monitors.values():
                monitor.stop()
        yield story


def all_packets(metrics):
    return lab.total(metrics, "jitterbug_rtp_packets_total", direction="egress")


def entries(metrics, name):
    return lab.total(metrics, "jitterbug_agent_map_entries", map=name)


def test_no_counter_ever_falls(story):
    for name, monitor in story.monitors.items():
        assert monitor.errors == [], name
        assert monitor.pages > 200, name
        assert monitor.falls == [], name


def test_more_streams_than_the_table_holds(story):
    page = story.notes["crowd"]
    faults = live.faults(page)
    assert entries(page, "jb_streams") == MAX_STREAMS
    assert faults["streams_full"] >= 2 * (300 - MAX_STREAMS)
    counted = live.unit_packets(page, story.crowd_unit, "egress")
    assert counted == MAX_STREAMS * 10
    # Nobody is counted twice; what is in neither is on probation.
    assert 3000 - 3 * 300 <= counted + faults["probation_failed"] <= 3000
    # Drops that are nobody's are the machine's.
    assert live.unit_names(page) - {"unknown"} == {story.crowd_unit}


def test_the_full_table_takes_new_streams_later(story):
    page = story.notes["second"][2]
    assert live.unit_packets(page, story.crowd_unit, "egress") == 2 * MAX_STREAMS * 10


def test_a_vanished_workload_stays_for_its_grace_and_goes_for_good(story):
    unit, removed = story.notes["vanished"]
    monitor = story.monitors["small"]
    (first, last), *lives = monitor.seen[unit]
    assert lives == []
    assert first < removed
    assert GRACE_S < last - removed < GONE_S
    assert last - removed > IDLE_S  # as long as its stream isn't idle, it is no dead weight
    assert live.unit_packets(story.notes["churn"][0], unit, "egress") == 37
    assert live.unit_packets(story.notes["gone_page"], unit, "egress") is None


def test_a_workload_of_the_same_name_goes_on_counting(story):
    unit = story.notes["again"]
    assert live.unit_packets(story.notes["churn"][0], unit, "egress") == 50
    assert len(story.monitors["small"].seen[unit]) == 1


def test_a_socket_that_outlives_its_cgroup_keeps_its_unit(story):
    held, mute = story.notes["held_sent"]
    page = story.notes["held_page"]
    assert mute > 100
    assert live.unit_packets(page, story.notes["held"], "egress") == held
    # Of the other nobody can tell whose it was: no guess.
    assert live.unit_packets(page, story.notes["mute"], "egress") is None
    assert live.unit_packets(page, story.top.relative, "egress") is None
    before = live.unit_packets(story.notes["churn"][0], "unknown", "egress") or 0
    assert live.unit_packets(page, "unknown", "egress") == before + mute


def test_hundred_short_lived_cgroups_in_a_small_table(story):
    page = story.notes["churn"][0]
    named = {unit: live.unit_packets(page, unit, "egress") for unit in story.churned}
    right = {unit: n for unit, n in named.items() if n is not None}
    assert right.items() <= story.churned.items()
    assert live.faults(page)["rows_full"] > 0
    assert all_packets(page) == story.notes["churn_sent"]
    assert len(right) < CHURN


def test_rows_are_used_again_and_begin_at_nothing(story):
    page = story.notes["second"][0]
    gone = story.notes["gone_page"]
    assert not live.unit_names(gone, story.top.relative)
    assert entries(gone, "jb_rows") < 4  # of others' TCP: tracepoints know no --cgroup
    second = story.notes["second_churned"]
    named = {unit: live.unit_packets(page, unit, "egress") for unit in second}
    assert {u: n for u, n in named.items() if n is not None}.items() <= second.items()
    stays = {unit: n for unit, n in second.items() if "/stays" in unit}
    assert {unit: named[unit] for unit in stays} == stays
    assert live.unit_packets(page, story.notes["late"], "egress") == 41
    assert all_packets(page) - live.unit_packets(page, "unknown", "egress") == \
        sum(n for n in named.values() if n) + 41


def test_beyond_max_series_workloads_are_folded_and_sums_are_right(story):
    page = story.notes["churn"][1]
    other = lab.total(page, "jitterbug_rtp_packets_total", pod="~other", direction="egress")
    units = [unit for unit in story.churned
             if live.unit_packets(page, unit, "egress") is not None]
    for unit in units:
        assert live.unit_packets(page, unit, "egress") == story.churned[unit]
    assert other > 0
    assert lab.total(page, "jitterbug_agent_series_folded_total") > 0
    assert sum(lab.total(page, "jitterbug_agent_series", family=f"jitterbug_{name}")
               for name in ("rtp_packets_total", "rtp_streams")) <= MAX_SERIES
    assert len(page) < MAX_SERIES + 200  # the agent's own
    assert all_packets(page) == story.notes["churn_sent"]


def test_no_figure_is_in_the_sinks_or_anybody_elses_unit(story):
    for name, top in (("small", story.top.relative), ("folded", story.top.relative),
                      ("crowded", story.crowd_unit)):
        units = set(story.monitors[name].seen) - {"unknown"}
        assert all(unit.startswith(top) for unit in units), name


def fill_rows(top, sink, count):
    """As many short-lived workloads, each of which takes a row."""
    for n in range(count):
        with lab.Cgroup(f"fill{n}", parent=top) as cgroup, live.make_socket(cgroup) as one:
            for packet in live.rtp_row(SSRC + 0x5000 + n, 6):
                one.sendto(packet, sink.getsockname())


def test_a_full_table_takes_no_figure_from_whom_it_has():
    """A clock that locks moves its stream to another row; if none is left it must stay."""
    with lab.Cgroup("full") as top, lab.Cgroup("fullsink") as sinks, \
            live.udp_sink(sinks, "127.0.0.1") as sink, \
            lab.Agent("--cgroup", top.path, "--max-workloads", 2) as agent, \
            lab.Cgroup("caller", parent=top) as caller, \
            lab.sender(sink.getsockname()[1], "--pps", 50, "--count", 150, "--ssrc",
                       SSRC + 0x6000, "--ts-step", 960, cgroup=caller) as source:
        agent.snapshot_until(lambda m: live.unit_packets(m, caller, "egress"))
        fill_rows(top, sink, 12)
        sent = source.summary()["sent"]
        stream, = live.unit_streams(agent, caller) or [None]
        assert live.faults(agent.metrics())["rows_full"] > 0
        assert stream and stream["clock_rate"] == 48000
        assert live.unit_packets(agent.metrics(), caller, "egress") == sent == 150


# The agent's own end

def kernel_ids(pid):
    """{kind: ids} of the BPF objects that the process holds."""
    ids = {"prog": set(), "map": set(), "link": set()}
    for fd in os.listdir(f"/proc/{pid}/fdinfo"):
        try:
            with open(f"/proc/{pid}/fdinfo/{fd}") as file:
                text = dict(line.split(":", 1) for line in file if ":" in line)
        except OSError:
            continue
        for kind, found in ids.items():
            if f"{kind}_id" in text:
                found.add(int(text[f"{kind}_id"]))
    return ids


def bpftool(*arguments):
    result = subprocess.run(["bpftool", "-j", *map(str, arguments)], capture_output=True,
                            text=True, env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin"})
    return result.returncode, json.loads(result.stdout.strip() or "null")


def left_over(ids):
    return [(kind, one) for kind, found in ids.items() for one in found
            if bpftool(kind, "show", "id", one)[0] == 0]


def attached(cgroup):
    return bpftool("cgroup", "show", cgroup.path)[1] or []


def assert_all_gone(ids, cgroup):
    # The kernel frees programs and maps a grace period after their last user.
    lab.wait_until(lambda: not left_over(ids), 3, f"gone from the kernel: {ids}")
    assert attached(cgroup) == []


def measured_for_a_moment(cgroup, end):
    """Starts an agent, lets it count, ends it; its ids were there meanwhile and go."""
    with lab.Agent("--cgroup", cgroup.path) as agent:
        ids = kernel_ids(agent.process.pid)
        assert min(len(found) for found in ids.values()) >= 2, ids
        assert set(left_over(ids)) == {(k, i) for k, found in ids.items() for i in found}
        assert len(attached(cgroup)) >= 2
        agent.snapshot_until(lambda m: (live.unit_packets(m, cgroup, "ingress") or 0) > 100)
        end(agent)
    assert_all_gone(ids, cgroup)


def sigkill(agent):
    agent.process.stop(signal.SIGKILL)
    agent._stopped = True


def killed_while_starting(cgroup, delay):
    """How many BPF objects it had by then."""
    with lab.Process(lab.jitterbug(), "agent", "--listen", f"127.0.0.1:{lab.free_port()}",
                     "--cgroup", cgroup.path) as starting:
        time.sleep(delay)
        ids = kernel_ids(starting.pid)
        assert starting.stop(signal.SIGKILL) == -signal.SIGKILL, starting.stderr
    assert_all_gone(ids, cgroup)
    return sum(map(len, ids.values()))


def test_the_end_leaves_nothing_attached_and_traffic_is_never_touched():
    """Killed, ended, in the middle of a start and of a scrape: the receiver has all there was."""
    with lab.Cgroup("ends") as cgroup, lab.receiver(PORT + 1, cgroup=cgroup) as sink, \
            lab.sender(PORT + 1, "--pps", 2000, "--seconds", 60, "--ssrc", SSRC + 0x3000,
                       cgroup=cgroup) as source:
        for end in (sigkill, lab.Agent.stop, sigkill):
            measured_for_a_moment(cgroup, end)
        caught = [killed_while_starting(cgroup, delay)
                  for delay in (0, 0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.2)]
        assert min(caught) < max(caught)  # some were in the middle of it
        sent = source.finish()
        time.sleep(0.2)
        got = sink.finish()
    assert sent["errors"] == 0
    assert sent["sent"] == got["datagrams"] > 1000
    assert got["overflows"] == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_within_two_seconds(number):
    with lab.Cgroup("signal") as cgroup, lab.Agent("--cgroup", cgroup.path) as agent:
        ids = kernel_ids(agent.process.pid)
        begin = time.monotonic()
        assert agent.process.stop(number, deadline=2) == 0
        assert time.monotonic() - begin < 2
        agent._stopped = True
        assert_all_gone(ids, cgroup)
        assert len(agent.process.stderr.splitlines()) == 4


@pytest.mark.usefixtures("story")
def test_a_removed_cgroup_is_told(removed):
    """The kernel detaches then; an agent that measures nothing must not look healthy."""
    agent, line = removed
    # After the story's minute, which is many passes.
    assert agent.get("/readyz") == (503, line)
    assert told_attached(agent) == [0, 0, 0, 0]
    assert agent.process.stderr.count(line) == 1


def test_two_agents_at_once_count_the_same():
    with lab.Cgroup("twice") as cgroup, lab.Agent("--cgroup", cgroup.path) as one, \
            lab.Agent("--cgroup", cgroup.path) as two, \
            lab.receiver(PORT + 2, cgroup=cgroup) as sink:
        with lab.sender(PORT + 2, "--count", 300, "--pps", 1000, "--ssrc", SSRC + 0x4000,
                        cgroup=cgroup) as source:
            assert source.summary()["sent"] == 300
        assert sink.finish()["datagrams"] == 300
        for agent in (one, two):
            assert live.unit_packets(agent.metrics(), cgroup, "ingress") == 300
