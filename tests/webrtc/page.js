// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Inside the page: one RTCPeerConnection with the fake microphone and camera.
'use strict';
{
  const pc = new RTCPeerConnection({ iceServers: [] });

  const gathered = () => new Promise((resolve) => {
    const look = () => pc.iceGatheringState === 'complete' &&
      resolve({ type: pc.localDescription.type, sdp: pc.localDescription.sdp });
    pc.onicegatheringstatechange = look;
    look();
  });

  // The codec of that type before the others.
  const prefer = (kind, mimeType) => {
    const codecs = RTCRtpReceiver.getCapabilities(kind).codecs;
    const order = (codec) => Number(codec.mimeType !== mimeType);
    pc.getTransceivers().find((one) => one.receiver.track.kind === kind)
      .setCodecPreferences(codecs.sort((one, other) => order(one) - order(other)));
  };

  window.calls = {
    async capture() {
      const stream = await navigator.mediaDevices.getUserMedia(
        { audio: true, video: { width: 640, height: 480 } });
      stream.getTracks().forEach((track) => pc.addTrack(track, stream));
    },

    // With the preferred audio codec first, for the other end to send.
    async offer(audio) {
      prefer('audio', audio);
      await pc.setLocalDescription(await pc.createOffer());
      return gathered();
    },

    async answer(offer, audio) {
      await pc.setRemoteDescription(offer);
      prefer('audio', audio);
      await pc.setLocalDescription(await pc.createAnswer());
      return gathered();
    },

    async accept(answer) {
      await pc.setRemoteDescription(answer);
    },

    state: () => pc.connectionState,

    // Sends no more media; the connection stays.
    async quiet() {
      await Promise.all(pc.getSenders().map((one) => one.replaceTrack(null)));
    },

    async stats() {
      return [...(await pc.getStats()).values()];
    },
  };
}
