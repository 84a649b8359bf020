// Loaded before streamlit-webrtc's front end, which ends a stream as soon as its connection falters,
// as if the visitor had pressed Stop, and notices neither a camera that has gone nor a picture that
// stands still. Here a stream that has begun is kept through such a time, the visitor is told in
// their language, and the page is told what does not come back by itself, so that it restarts it.
(() => {
  const LOOK_MS = 500;
  const LOST_MS = 1500;
  // a look that comes so late comes after a sleep of page or device: nothing is known yet
  const ASLEEP_MS = 2000;
  if (!window.RTCPeerConnection) return;

  let words = "";
  window.addEventListener("message", (event) => {
    const data = event.data;
    if (!data || data.type !== "streamlit:render" || !data.args) return;
    words = (data.args.translations || {}).reconnecting || words;
  });

  let note = null;
  function say(text) {
    if (!note) {
      if (!text) return;
      note = document.createElement("div");
      note.setAttribute("role", "status");
      note.style.cssText =
        "position: fixed; top: 16px; left: 50%; transform: translateX(-50%); width: max-content;" +
        "max-width: 90%; padding: 8px 16px; border-radius: 10px; font: 600 16px sans-serif;" +
        "color: #fff; background: rgba(10, 24, 34, 0.85); z-index: 2";
      document.body.append(note);
    }
    note.textContent = text;
    note.style.display = text ? "block" : "none";
  }

  // What the front end reports of a running stream, and what that stream has lost.
  function report(lost) {
    console.debug("The video has lost:", lost);
    const value = { playing: true, sdpOffer: "", iceCandidates: {}, lost };
    window.parent.postMessage(
      { isStreamlitMessage: true, type: "streamlit:setComponentValue", dataType: "json", value },
      "*",
    );
  }

  async function framesDecoded(connection) {
    let frames = 0;
    for (const entry of (await connection.getStats()).values()) {
      if (entry.type === "inbound-rtp" && entry.kind === "video") frames += entry.framesDecoded || 0;
    }
    return frames;
  }

  // Whether a connection never comes back: it gave up, or the server has closed it.
  function isLost(connection) {
    const ends = connection.getSenders().map(({ transport }) => transport && transport.state);
    return [connection.connectionState, ...ends].some((s) => s === "failed" || s === "closed");
  }

  // ends the watch of the connection; there is one at most
  let unwatch = () => {};

  function watch(connection) {
    unwatch();
    let isWatched = true;
    let frames = 0;
    let frameAt = performance.now();
    let reportedAt = frameAt;
    let lookedAt = frameAt;
    let hasReported = false;
    let cameraEnded = false;
    let isLooking = false;

    async function look() {
      const now = performance.now();
      const slept = document.hidden || now - lookedAt > ASLEEP_MS;
      lookedAt = now;
      for (const { track } of connection.getSenders()) {
        // not fired for a track that the front end itself stops
        if (track) track.onended = () => (cameraEnded = true);
      }
      const decoded = await framesDecoded(connection);
      if (!isWatched) return;
      const isNew = decoded !== frames;
      frames = decoded;
      // before the first frame the page says that it waits for it
      if (isNew || slept || !decoded) frameAt = reportedAt = now;
      say(now - frameAt >= LOST_MS ? words : "");
      const isOver = cameraEnded || isLost(connection);
      if (isNew && hasReported && !isOver) {
        hasReported = false;
        report(null);
      }
      if (document.hidden || now - reportedAt < (isOver && !hasReported ? 0 : LOST_MS)) return;
      reportedAt = now;
      hasReported = true;
      if (cameraEnded) report("camera");
      else report(isOver ? "connection" : "picture");
    }

    // one at a time: a browser that is slow to answer would have the later one told first
    async function lookAlone() {
      if (isLooking) return;
      isLooking = true;
      await look().catch((error) => console.debug(error));
      isLooking = false;
    }

    const timer = setInterval(lookAlone, LOOK_MS);
    unwatch = () => {
      isWatched = false;
      clearInterval(timer);
      say("");
    };
  }

  const addEventListener = RTCPeerConnection.prototype.addEventListener;
  RTCPeerConnection.prototype.addEventListener = function (kind, listener, ...options) {
    if (kind !== "connectionstatechange") {
      return addEventListener.call(this, kind, listener, ...options);
    }
    let hasBegun = false;
    const tellFrontEnd = (event) => {
      if (this.connectionState === "connected" && !hasBegun) {
        hasBegun = true;
        watch(this);
      } else if (hasBegun) {
        return;
      }
      listener.call(this, event);
    };
    return addEventListener.call(this, kind, tellFrontEnd, ...options);
  };

  // the first thing that the front end does to end a stream
  const stop = RTCRtpTransceiver.prototype.stop;
  RTCRtpTransceiver.prototype.stop = function () {
    unwatch();
    return stop.call(this);
  };
})();
