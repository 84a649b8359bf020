// Puts Maskdet's texts in the place of Streamlit's where Python cannot: connection lost, unknown
// page, texts inside of widgets. Where Streamlit's page has changed, it stays as Streamlit made it.
(() => {
  "use strict";
  const { languages, base } = JSON.parse(document.getElementById("md-words").textContent);
  const PATIENCE_MS = 10000;
  const PHONE = "(hover: none) and (pointer: coarse)";
  const NARROW = "(max-width: 768px)";

  const page = document.documentElement;
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const testId = (id) => `[data-testid=${id}]`;
  // Streamlit soon replaces the address of an unknown page.
  const asked = location.pathname;
  for (const one of Object.values(languages)) {
    one.patterns = one.patterns.map(([pattern, text]) => [new RegExp(pattern), text]);
  }
  let words = languages.en;

  // As maskdet_app.ui.texts.i18n chooses it.
  const chooseLanguage = () => {
    const wanted = new URLSearchParams(location.search).get("lang");
    const browsers = (navigator.language || "en").split("-")[0].toLowerCase();
    const code = [wanted, browsers].find((one) => one in languages) || "en";
    words = languages[code];
    if (page.lang !== code) page.lang = code;
  };

  const isLocal = () => ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname);

  // The server may answer the page and refuse its connection: then it has too much to do.
  const kindOfLoss = (said) => {
    if (/status:? [45]\d\d/.test(said)) return "busy";
    if (isLocal()) return "local";
    return navigator.onLine ? "unreachable" : "offline";
  };

  const show = (place, kind, hasTitle = false) => {
    const key = `${kind} ${page.lang}`;
    if (place.dataset.mdShown === key) return;
    place.dataset.mdShown = key;
    const text = document.createElement("p");
    text.textContent = words[kind].replace("{page}", asked);
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = kind === "unknown" ? words.start_page : words.again;
    button.addEventListener("click", () => {
      if (kind === "unknown") location.assign(base);
      else location.reload();
    });
    const title = document.createElement("strong");
    title.textContent = words[`${kind}_title`];
    place.replaceChildren(...(hasTitle ? [title] : []), text, button);
  };

  const textNodes = (root) => {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    const found = [];
    while (walker.nextNode()) found.push(walker.currentNode);
    return found;
  };

  // React keeps its nodes: texts change in them, and ours stand beside what is hidden.
  const mendDialog = (dialog) => {
    const title = textNodes(dialog).find(
      ({ data, parentElement }) =>
        data === words.lost_in || data === words.unknown_in || parentElement.dataset.mdTitle,
    );
    if (!title) return;
    const heading = title.parentElement;
    if (title.data === words.lost_in) heading.dataset.mdTitle = "lost";
    if (title.data === words.unknown_in) heading.dataset.mdTitle = "unknown";
    let head = heading;
    while (head && !head.nextElementSibling) head = head.parentElement;
    const body = head && dialog.contains(head) ? head.nextElementSibling : null;
    if (!body) return;
    let ours = body;
    if (!body.classList.contains("md-trouble")) {
      const { padding } = getComputedStyle(body);
      body.style.setProperty("display", "none", "important");
      ours = body.nextElementSibling;
      if (!ours || !ours.classList.contains("md-trouble")) {
        ours = document.createElement("div");
        ours.className = "md-trouble";
        ours.setAttribute("role", "status");
        ours.style.padding = padding;
        body.after(ours);
      }
    }
    const isLost = heading.dataset.mdTitle === "lost";
    const kind = isLost ? kindOfLoss(body.textContent) : "unknown";
    const wanted = words[`${kind}_title`];
    if (title.data !== wanted) title.data = wanted;
    show(ours, kind);
  };

  // Streamlit says nothing where the page is served and its connection is refused again and again.
  let unconnectedSince = performance.now();
  const mendSilence = () => {
    const app = document.querySelector(testId("stApp"));
    const isConnected = app && app.dataset.testConnectionState === "CONNECTED";
    if (isConnected) unconnectedSince = performance.now();
    const isOverdue = performance.now() - unconnectedSince > PATIENCE_MS;
    let note = document.querySelector(".md-silence");
    if (isConnected || !isOverdue || document.querySelector(testId("stDialog"))) {
      if (note) note.remove();
      return;
    }
    if (!note) {
      note = document.createElement("div");
      note.className = "md-trouble md-silence";
      note.setAttribute("role", "status");
      document.body.append(note);
    }
    show(note, navigator.onLine || isLocal() ? "busy" : "offline", true);
  };

  const WIDGETS = ["stFileUploader", "stCameraInput", "stConnectionStatus", "stStatusWidget"]
    .concat(["stElementToolbar", "stSidebar", "stHeader", "stDialog", "stTooltipContent"])
    .map(testId)
    .join();
  const NAMES = ["aria-label", "title", "placeholder"];
  // Dialogs stand beside the app.
  const NAMED = NAMES.map((name) => `:is(${testId("stApp")}, ${testId("stDialog")}) [${name}]`).join();

  const translated = (text) => {
    const whole = words.widgets[text.trim()];
    if (whole !== undefined) return whole;
    const known = words.patterns.find(([pattern]) => pattern.test(text));
    return known ? text.replace(...known) : text;
  };

  const mendWidget = (widget) => {
    for (const node of textNodes(widget)) {
      const text = translated(node.data);
      if (text !== node.data) node.data = text;
    }
  };

  const mendNames = () => {
    for (const element of [...all(WIDGETS), ...all(NAMED)]) {
      for (const name of NAMES) {
        const value = element.getAttribute(name);
        const text = value && translated(value);
        if (text && text !== value) element.setAttribute(name, text);
      }
    }
  };

  const nameStages = () => {
    for (const frame of all("iframe[title*=webrtc_streamer]")) {
      if (frame.getAttribute("aria-label") !== words.stage) {
        frame.setAttribute("aria-label", words.stage);
      }
      const inner = frame.contentDocument && frame.contentDocument.documentElement;
      if (inner && inner.lang !== page.lang) inner.lang = page.lang;
    }
  };

  // A phone's own camera takes a picture of full resolution; Streamlit's widget, one of 341 x 192.
  const offerCamera = () => {
    const input = document.querySelector(testId("stFileUploaderDropzoneInput"));
    const toggle = document.querySelector(".st-key-camera");
    if (!input || !toggle || !matchMedia(PHONE).matches) return;
    let button = toggle.querySelector(".md-phone-camera");
    if (!button) {
      button = document.createElement("button");
      button.type = "button";
      button.className = "md-phone-camera";
      button.addEventListener("click", () => {
        const chooser = document.querySelector(testId("stFileUploaderDropzoneInput"));
        if (!chooser) return;
        const { accept } = chooser;
        chooser.setAttribute("capture", "environment");
        chooser.accept = "image/*";
        chooser.click();
        chooser.removeAttribute("capture");
        chooser.accept = accept;
      });
      toggle.append(button);
    }
    if (button.textContent !== words.camera) button.textContent = words.camera;
  };

  const mend = () => {
    chooseLanguage();
    all(testId("stDialog")).forEach(mendDialog);
    all(WIDGETS).forEach(mendWidget);
    mendNames();
    nameStages();
    offerCamera();
    mendSilence();
  };

  // Once a frame at most: a live page changes often.
  let isDue = false;
  const mendSoon = () => {
    if (isDue) return;
    isDue = true;
    // Before the frame is drawn, so that the other words are never seen.
    requestAnimationFrame(() => {
      isDue = false;
      mend();
    });
  };

  const closeMenu = () => {
    const close = document.querySelector(`${testId("stSidebarCollapseButton")} button`);
    if (close) close.click();
  };

  chooseLanguage();
  new MutationObserver(mendSoon).observe(page, {
    attributeFilter: ["data-test-connection-state", "aria-label"],
    attributes: true,
    characterData: true,
    childList: true,
    subtree: true,
  });
  setInterval(mendSoon, 1000);
  addEventListener("online", mendSoon);
  addEventListener("offline", mendSoon);
  // The menu covers most of a phone's page.
  document.addEventListener("click", ({ target }) => {
    const link = target instanceof Element && target.closest(testId("stSidebarNavLink"));
    if (link && matchMedia(NARROW).matches) setTimeout(closeMenu);
  });
})();
