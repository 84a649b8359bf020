// Loaded before streamlit-webrtc's front end, which remembers the first camera that it got and asks
// for that one from then on, so that a phone's other camera was never used. A remembered camera
// that is known to face the other way than the page asks for is left out of the request; one that the
// visitor picked from the library's list stays, until front or rear is switched.
(() => {
  const devices = navigator.mediaDevices;
  if (!devices || !devices.getUserMedia) return;

  async function facesOtherWay(deviceId, facing) {
    const all = await devices.enumerateDevices().catch(() => []);
    const device = all.find((one) => one.deviceId === deviceId);
    // Firefox does not say it
    const capabilities = device && device.getCapabilities ? device.getCapabilities() : {};
    const known = capabilities.facingMode || [];
    return known.length > 0 && !known.includes(facing);
  }

  const getUserMedia = devices.getUserMedia.bind(devices);
  let chosen, asked;
  devices.getUserMedia = async (constraints) => {
    const { deviceId, ...video } = constraints.video || {};
    const facing = (video.facingMode || {}).ideal;
    // the list of cameras shows a picked one without a side
    if (deviceId && !facing) chosen = deviceId.exact;
    if (facing && asked && facing !== asked) chosen = undefined;
    if (facing) asked = facing;
    const keeps = !deviceId || !facing || deviceId.exact === chosen;
    if (keeps || !(await facesOtherWay(deviceId.exact, facing))) {
      return getUserMedia(constraints);
    }
    return getUserMedia({ ...constraints, video });
  };
})();
