// Tells the server which tab is loaded again, so that its photos come back: a secret of this page,
// with those of the tab's pages before it, goes along when Streamlit connects. The server keeps
// photos for some seconds after a page has gone; see maskdet_app/ui/browser/tabs.py.
(() => {
  "use strict";
  const KEY = "maskdet-tab";
  const STREAM = "/_stcore/stream";
  const MAX_EARLIER = 4;

  // A browser may refuse to store anything: then a reload begins anew.
  const stored = (work) => {
    try {
      return work(sessionStorage);
    } catch {
      return null;
    }
  };
  const take = () =>
    stored((storage) => {
      const found = storage.getItem(KEY);
      storage.removeItem(KEY);
      return found;
    });

  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const own = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const secrets = [own, ...(take() || "").split(".").filter(Boolean)].slice(0, 1 + MAX_EARLIER);

  // Stored only between two pages: a tab that is duplicated copies what is stored, and must not
  // get this one's photos.
  addEventListener("pagehide", () => {
    stored((storage) => storage.setItem(KEY, secrets.join(".")));
  });
  addEventListener("pageshow", ({ persisted }) => {
    if (persisted) take();
  });

  const Native = window.WebSocket;
  window.WebSocket = class extends Native {
    constructor(url, protocols) {
      const isStream = Array.isArray(protocols) && new URL(url).pathname.endsWith(STREAM);
      super(url, isStream ? [...protocols, ["maskdet", ...secrets].join(".")] : protocols);
    }
  };
})();
