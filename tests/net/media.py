# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Command lines of real senders: GStreamer, ffmpeg, baresip. All of them pace by the clock."""

import os

AUDIO_MS = 20
FRAMES_PER_S = 30
SRTP_KEY = "0123456789abcdef" * 3 + "0123456789ab"  # 30 octets: AES-128 key and salt

BARESIP_CONFIG = """\
poll_method epoll
sip_listen {address}:5060
net_interface eth0
audio_source ausine,440
audio_player aubridge,sink
audio_alert aubridge,alert
ausrc_channels 2
ausrc_srate 48000
rtp_ports {ports}
module_path {modules}
module g711.so
module ausine.so
module aubridge.so
module_tmp uuid.so
module_tmp account.so
module_app menu.so
"""
BARESIP_MODULES = ("/usr/lib/baresip/modules", "/usr/lib64/baresip/modules",
                   "/usr/local/lib/baresip/modules")


def smooth(argv):
    """The command line before others in the queue for a CPU: on a busy machine a sender bursts."""
    return ["nice", "-n", "-15", *argv]


def _gstreamer(elements, to, port, srtp):
    caps = f"srtpenc key={SRTP_KEY} ! " if srtp else ""
    pipeline = f"{elements} ! {caps}udpsink host={to} port={port}"
    return ["gst-launch-1.0", "-q", *pipeline.split()]


def opus(to, port, ssrc, seconds, srtp=False):
    """48 kHz, one packet of 20 ms."""
    return _gstreamer(
        f"audiotestsrc is-live=true samplesperbuffer=960 num-buffers={seconds * 1000 // AUDIO_MS}"
        " ! audio/x-raw,rate=48000,channels=2 ! opusenc"
        f" ! rtpopuspay pt=111 ssrc={ssrc}", to, port, srtp)


def _camera(seconds):
    """Noise, so that a frame is several packets."""
    return (f"videotestsrc is-live=true pattern=snow num-buffers={seconds * FRAMES_PER_S}"
            f" ! video/x-raw,width=320,height=240,framerate={FRAMES_PER_S}/1 ! ")


def vp8(to, port, ssrc, seconds, srtp=False):
    """The packets of a frame burst."""
    return _gstreamer(
        _camera(seconds) + "vp8enc deadline=1 cpu-used=8 threads=1 target-bitrate=1000000"
        f" ! rtpvp8pay pt=96 mtu=1200 ssrc={ssrc}", to, port, srtp)


def h264(to, port, ssrc, seconds, srtp=False):
    """Without B-frames: each timestamp is later than the one before."""
    return _gstreamer(
        _camera(seconds) + "x264enc tune=zerolatency speed-preset=ultrafast threads=1 bitrate=1000"
        f" ! rtph264pay pt=125 mtu=1200 config-interval=-1 ssrc={ssrc}", to, port, srtp)


def pcmu(to, port, ssrc, seconds):
    """8 kHz, one packet of 20 ms, by ffmpeg. Its RTCP goes to the port above."""
    return ["ffmpeg", "-nostdin", "-v", "error", "-re", "-f", "lavfi", "-i",
            "sine=frequency=440:sample_rate=8000:samples_per_frame=160", "-t", seconds,
            "-c:a", "pcm_mulaw", "-ssrc", ssrc, "-f", "rtp", f"rtp://{to}:{port}?pkt_size=172"]


def baresip(directory, address, ports, seconds, call=None):
    """A SIP agent at that address that accepts each call, or calls `call`; G.711 both ways.

    Its configuration goes to the directory, which must exist; ports is a range "FIRST-LAST".
    """
    modules = next((path for path in BARESIP_MODULES if os.path.isdir(path)), BARESIP_MODULES[0])
    files = {"config": BARESIP_CONFIG.format(address=address, ports=ports, modules=modules),
             "accounts": f"<sip:jitterbug@{address}>;regint=0;answermode=auto\n",
             "contacts": ""}
    for name, text in files.items():
        with open(os.path.join(directory, name), "w") as file:
            file.write(text)
    dial = ["-e", f"/dial sip:jitterbug@{call}"] if call else []
    return ["baresip", "-4", "-f", directory, "-t", seconds, *dial]


def rtp_session(to, ports, own_ports, ssrc):
    """GStreamer's rtpbin with Opus both ways and RTCP in the clear.

    ports and own_ports are (RTP, RTCP) of the peer and of one's own; it goes on until it is told to
    end.
    """
    caps = "application/x-rtp,media=audio,clock-rate=48000,encoding-name=OPUS,payload=111"
    pipeline = (
        "rtpbin name=bin audiotestsrc is-live=true samplesperbuffer=960"
        " ! audio/x-raw,rate=48000,channels=2 ! opusenc"
        f" ! rtpopuspay pt=111 ssrc={ssrc} ! bin.send_rtp_sink_0"
        f" bin.send_rtp_src_0 ! udpsink host={to} port={ports[0]} async=false"
        f" bin.send_rtcp_src_0 ! udpsink host={to} port={ports[1]} sync=false async=false"
        f" udpsrc port={own_ports[0]} caps={caps} ! bin.recv_rtp_sink_0"
        f" udpsrc port={own_ports[1]} ! bin.recv_rtcp_sink_0"
        " bin. ! rtpopusdepay ! fakesink sync=false async=false")
    return ["gst-launch-1.0", "-q", *pipeline.split()]
