// Notes what a live page shows and when, by the system's clock: of the video, which stream it is and
// how many of its frames have been shown; of the panel, whether it says that the camera is on, the
// frame that it counts and the counts.
(words) => {
  if (window !== window.top || window.liveWatch) return;
  const LOOK_MS = 20;
  const MOST = 2000;
  const streams = [];
  const log = { video: [], panel: [] };
  window.liveWatch = log;

  function note(list, seen) {
    const last = list.at(-1);
    if (last && JSON.stringify(last.slice(1)) === JSON.stringify(seen)) return;
    list.push([Date.now(), ...seen]);
    if (list.length > MOST) list.shift();
  }

  function lookAtVideo() {
    const component = document.querySelector("iframe[title*='webrtc_streamer']");
    const root = component && component.contentDocument;
    // the demo film is a file, the camera's video a stream, with an element of its own for each
    const video = root && [...root.querySelectorAll("video")].find((one) => one.srcObject);
    if (!video) return note(log.video, [null, 0]);
    if (!streams.includes(video)) streams.push(video);
    note(log.video, [streams.indexOf(video), video.getVideoPlaybackQuality().totalVideoFrames]);
  }

  function lookAtPanel() {
    const isOn = [...document.querySelectorAll("h2")].some((one) => one.textContent.trim() === words.on);
    const counted = document.querySelector(".md-tiles[data-frame]");
    const tiles = counted ? counted.querySelectorAll("[data-verdict]") : [];
    const counts = [...tiles].map((one) => [one.dataset.verdict, one.querySelector("b").textContent]);
    note(log.panel, [isOn, counted && counted.dataset.frame, Object.fromEntries(counts)]);
  }

  setInterval(() => {
    lookAtVideo();
    lookAtPanel();
  }, LOOK_MS);
}
