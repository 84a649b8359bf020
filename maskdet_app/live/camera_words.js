// Loaded before streamlit-webrtc's front end, which shows a failed request for the camera as
// "NotFoundError: Requested device not found". The page's own words, in the visitor's language,
// arrive with the component's arguments and take the place of name and message.
(() => {
  const devices = navigator.mediaDevices;
  // absent on pages without HTTPS, for which the front end has a text that is translated
  if (!devices || !devices.getUserMedia) return;
  let words = {};
  window.addEventListener("message", (event) => {
    const data = event.data;
    if (!data || data.type !== "streamlit:render" || !data.args) return;
    words = (data.args.translations || {}).camera_errors || words;
  });
  const getUserMedia = devices.getUserMedia.bind(devices);
  devices.getUserMedia = async (constraints) => {
    try {
      return await getUserMedia(constraints);
    } catch (error) {
      // the front end itself answers this one: it asks again for any camera
      if (error.name === "OverconstrainedError") throw error;
      const found = words[error.name] || words.other;
      if (!found) throw error;
      console.debug("The camera did not start:", error);
      const told = new Error(found.text);
      told.name = found.title;
      throw told;
    }
  };
})();
