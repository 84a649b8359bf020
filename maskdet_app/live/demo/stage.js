// Loaded before streamlit-webrtc's front end, whose page it turns into a stage: before the start it
// shows the demo film with the button on it, then the camera's picture in the same place and size.
// The film's address and all words arrive with the component's arguments.
(() => {
  const PLAY = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M7 4v16l13-8z"/></svg>';
  const PAUSE =
    '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M6 4h4v16H6zM14 4h4v16h-4z"/></svg>';
  const NARROW_PX = 480;
  const FONT = "Source Sans";
  const page = document.documentElement;
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  let args = null;
  let given = null;
  let film = null;
  // the visitor's own choice, which a change of the page's state does not undo
  let wantsStill = calm.matches;

  const make = (tag, className, words = "") => {
    const made = document.createElement(tag);
    made.className = className;
    made.textContent = words;
    return made;
  };
  // the page's own typeface, which a frame does not inherit
  function borrowFont() {
    const rules = [...window.parent.document.styleSheets].flatMap((sheet) => {
      try {
        return [...sheet.cssRules];
      } catch (error) {
        return [];
      }
    });
    for (const { constructor, style, parentStyleSheet } of rules) {
      if (constructor.name !== "CSSFontFaceRule") continue;
      const family = style.getPropertyValue("font-family").replace(/["']/g, "");
      if (family !== FONT) continue;
      const address = style.getPropertyValue("src").match(/url\(["']?([^"')]+)/);
      if (!address) continue;
      const url = new URL(address[1], parentStyleSheet.href || window.parent.document.baseURI);
      const weight = style.getPropertyValue("font-weight") || "normal";
      const kind = style.getPropertyValue("font-style") || "normal";
      document.fonts.add(new FontFace(FONT, `url("${url}")`, { weight, style: kind }));
    }
  }

  const stage = make("div", "");
  stage.id = "stage";
  const badge = make("span", "badge");
  const toggle = make("button", "toggle");
  const watch = make("button", "watch");
  stage.append(make("div", "shade"), badge, toggle, watch);
  const note = make("p", "");
  note.id = "note";

  function tellParent(type, value) {
    window.parent.postMessage({ isStreamlitMessage: true, type, ...value }, "*");
  }

  // not always the one that was asked for last: that may still be on its way
  const shownFilm = () => stage.querySelector("video");

  async function load(url) {
    const video = make("video", "");
    Object.assign(video, { muted: true, loop: true, playsInline: true });
    video.setAttribute("aria-label", given.alt);
    video.dataset.url = url;
    film = video;
    try {
      // whole, so that it loops without asking again and plays where a server knows no byte ranges
      const answer = await fetch(new URL(`../..${url}`, window.location.href));
      if (!answer.ok) throw new Error(`the film: ${answer.status}`);
      video.src = URL.createObjectURL(await answer.blob());
    } catch (error) {
      console.debug(error);
      if (film === video) film = shownFilm();
      return;
    }
    await new Promise((done) => video.addEventListener("loadeddata", done, { once: true }));
    if (film !== video) return;
    const before = shownFilm();
    if (before) video.currentTime = before.currentTime;
    stage.prepend(video);
    for (const other of stage.querySelectorAll("video")) if (other !== video) remove(other);
    page.dataset.film = "";
    follow(video);
    update();
  }

  function remove(video) {
    video.pause();
    video.remove();
    URL.revokeObjectURL(video.src);
  }

  // The counts in the page's panel are those of the picture that is on the screen.
  function count(video, atS) {
    const panel = window.parent.document.querySelector(".md-demo");
    // a panel may come before the film that it belongs to, or stay after it
    if (!panel || !video.isConnected || panel.dataset.film !== video.dataset.url) return;
    const spans = JSON.parse(panel.dataset.spans);
    // a film's times are whole numbers of a clock of its own, and so a little off
    const now = spans.findLast((span) => span.from_s <= atS + 0.001) || spans[0];
    for (const tile of panel.querySelectorAll("[data-demo]")) {
      const n = String(now.counts[tile.dataset.demo] || 0);
      const shown = tile.querySelector("b");
      if (shown.textContent !== n) shown.textContent = n;
      tile.toggleAttribute("data-none", n === "0");
    }
    const share = Math.min(1, atS / spans.at(-1).to_s);
    panel.querySelector(".md-at").style.left = `${(100 * share).toFixed(2)}%`;
  }

  function follow(video) {
    if (!video.requestVideoFrameCallback) {
      video.ontimeupdate = () => count(video, video.currentTime);
      return;
    }
    const next = (_, { mediaTime }) => {
      count(video, mediaTime);
      if (video.isConnected) video.requestVideoFrameCallback(next);
    };
    video.requestVideoFrameCallback(next);
  }

  function showPlaying() {
    const isStill = !film || film.paused;
    toggle.innerHTML = isStill ? PLAY : PAUSE;
    toggle.setAttribute("aria-label", isStill ? given.play : given.pause);
  }

  function stateNow(root) {
    const words = args.translations;
    for (const button of root.querySelectorAll("button")) {
      const role = ["start", "stop"].find((one) => words[one] === button.textContent.trim());
      if (role) button.dataset.role = role;
    }
    if (root.querySelector("video")) return "running";
    if (root.querySelector("[data-role=start]")) return "idle";
    if (root.querySelector("[data-role=stop]")) return "connecting";
    // without buttons: the page starts it, or the visitor chooses a camera
    return args.desired_playing_state == null ? "choosing" : "connecting";
  }

  // On a phone held upright the camera's picture is upright, too, and gets the room.
  function fit(video) {
    if (!video || window.innerWidth > NARROW_PX) return;
    const shape = () => {
      if (video.videoWidth && video.isConnected) {
        page.style.setProperty("--shape", `${video.videoWidth} / ${video.videoHeight}`);
      }
    };
    video.onresize = video.onloadedmetadata = shape;
    shape();
  }

  function update() {
    const root = document.getElementById("root");
    if (!given || !root) return;
    if (!stage.isConnected) root.before(stage, note);
    const state = stateNow(root);
    if (page.dataset.stage !== state) page.dataset.stage = state;
    const hasError = state === "idle" && root.querySelector(".MuiAlert-colorError");
    if (!hasError) delete page.dataset.watching;
    const isCovered = Boolean(hasError) && !("watching" in page.dataset);
    page.toggleAttribute("data-error", isCovered);
    if (state === "connecting" || state === "running") {
      stage.querySelectorAll("video").forEach(remove);
      film = null;
      delete page.dataset.film;
      fit(root.querySelector("video"));
      return;
    }
    page.style.removeProperty("--shape");
    if (given.film && (!film || film.dataset.url !== given.film)) load(given.film);
    if (!film || !film.isConnected) return;
    if (isCovered || wantsStill) film.pause();
    else film.play().catch((error) => console.debug(error)).then(showPlaying);
    showPlaying();
  }

  function render() {
    badge.textContent = given.badge;
    watch.textContent = given.watch;
    note.textContent = given.privacy;
    const theme = args.theme || {};
    const look = page.style;
    look.setProperty("--text", theme.textColor || "#0A1822");
    look.setProperty("--ground", theme.backgroundColor || "#FBFCFD");
    look.setProperty("--primary", theme.primaryColor || "#00629A");
    look.setProperty("--edge", theme.base === "dark" ? "#30414E" : "#D3DEE6");
    look.setProperty("--font", `"${FONT}", "Segoe UI", system-ui, sans-serif`);
    update();
  }

  toggle.onclick = () => {
    wantsStill = Boolean(film) && !film.paused;
    update();
  };
  watch.onclick = () => {
    page.dataset.watching = "";
    wantsStill = false;
    update();
  };
  window.addEventListener("message", ({ data }) => {
    if (!data || data.type !== "streamlit:render" || !data.args) return;
    args = { ...data.args, theme: data.theme };
    given = (args.translations || {}).stage || null;
    if (given) render();
  });
  document.addEventListener("DOMContentLoaded", () => {
    borrowFont();
    const root = document.getElementById("root");
    new MutationObserver(update).observe(root, { childList: true, subtree: true });
    // its height depends on its width, of which the library knows nothing
    new ResizeObserver(() => {
      if (given) tellParent("streamlit:setFrameHeight", { height: document.body.scrollHeight });
    }).observe(document.body);
  });
})();
