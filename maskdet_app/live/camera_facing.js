// Loaded before streamlit-webrtc's front end, which remembers the first camera that it got and asks
// for that one from then on, so that a phone's other camera was never used. A remembered camera
// that is known to face the other way than the page asks for is left out of the request.
(() => {
  const devices = navigator.mediaDevices;
  if (!devices || !devices.getUserMedia) return;

  async function facesOtherWay(deviceId, facing) {
    const device = (await devices.enumerateDevices()).find((one) => one.deviceId === deviceId);
    // Firefox does not say it
    const capabilities = device && device.getCapabilities ? device.getCapabilities() : {};
    const known = capabilities.facingMode || [];
    return known.length > 0 && !known.includes(facing);
  }

  const getUserMedia = devices.getUserMedia.bind(devices);
  devices.getUserMedia = async (constraints) => {
    const { deviceId, ...video } = constraints.video || {};
    const facing = (video.facingMode || {}).ideal;
    if (!deviceId || !facing || !(await facesOtherWay(deviceId.exact, facing))) {
      return getUserMedia(constraints);
    }
    return getUserMedia({ ...constraints, video });
  };
})();
