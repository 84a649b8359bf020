// Loaded before streamlit-webrtc's front end, which loads a part of itself at each start and begins
// another start for every message that the page sends meanwhile. Of the connections that are then
// made at once none succeeds. Here a start lasts from its connection until that connection's offer,
// or until the camera fails; one that begins meanwhile gets no camera, before it has had any effect.
// The last of the scripts: the others pass requests for the camera on with a delay.
(() => {
  const devices = navigator.mediaDevices;
  if (!devices || !devices.getUserMedia || !window.RTCPeerConnection) return;

  let starting = null;
  // made, but has not asked for its camera; the front end does both in one go
  let newest = null;

  window.RTCPeerConnection = new Proxy(window.RTCPeerConnection, {
    construct(target, args) {
      newest = Reflect.construct(target, args);
      starting = starting || newest;
      return newest;
    },
  });

  const createOffer = RTCPeerConnection.prototype.createOffer;
  RTCPeerConnection.prototype.createOffer = function (...options) {
    if (this === starting) starting = null;
    return createOffer.apply(this, options);
  };

  const getUserMedia = devices.getUserMedia.bind(devices);
  devices.getUserMedia = async (constraints) => {
    const connection = newest;
    newest = null;
    if (connection && connection !== starting) {
      console.debug("A second start is left out");
      connection.close();
      return new Promise(() => {});
    }
    try {
      return await getUserMedia(constraints);
    } catch (error) {
      if (connection) starting = null;
      throw error;
    }
  };
})();
