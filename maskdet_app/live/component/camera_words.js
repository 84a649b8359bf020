// Loaded before streamlit-webrtc's front end, which shows a failed request for the camera as
// "NotFoundError: Requested device not found". The page's own words, in the visitor's language,
// arrive with the component's arguments and take the place of name and message. While the page tells
// it to run, the front end would ask again at once, several times a second, and its words would not
// stay: so the page is told first, and hears of it before the front end does.
(() => {
  const ANSWER_MS = 5000;
  const devices = navigator.mediaDevices;
  // absent on pages without HTTPS, for which the front end has a text that is translated
  if (!devices || !devices.getUserMedia) return;
  let words = {};
  let failures = 0;
  let isToldToRun = false;
  let goOn = () => {};
  window.addEventListener("message", (event) => {
    const data = event.data;
    if (!data || data.type !== "streamlit:render" || !data.args) return;
    words = (data.args.translations || {}).camera_errors || words;
    isToldToRun = data.args.desired_playing_state === true;
    // the front end gets this message after this script, and shows what comes last
    if (!isToldToRun) setTimeout(goOn);
  });

  // Tell the page, and wait until it no longer tells the front end to run.
  function tellPage(name) {
    failures += 1;
    const failure = { n: failures, name };
    const value = { playing: false, sdpOffer: "", iceCandidates: {}, failure };
    window.parent.postMessage(
      { isStreamlitMessage: true, type: "streamlit:setComponentValue", dataType: "json", value },
      "*",
    );
    return new Promise((resolve) => {
      goOn = resolve;
      setTimeout(resolve, ANSWER_MS);
    });
  }

  const getUserMedia = devices.getUserMedia.bind(devices);
  devices.getUserMedia = async (constraints) => {
    try {
      return await getUserMedia(constraints);
    } catch (error) {
      // the front end itself answers this one: it asks again for any camera
      if (error.name === "OverconstrainedError") throw error;
      if (isToldToRun) await tellPage(error.name);
      const found = words[error.name] || words.other;
      if (!found) throw error;
      console.debug("The camera did not start:", error);
      const told = new Error(found.text);
      told.name = found.title;
      throw told;
    }
  };
})();
