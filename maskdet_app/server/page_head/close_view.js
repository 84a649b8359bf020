// A photo that is opened from far down in the gallery is shown from its beginning: Streamlit keeps the
// place on the page, where now its last faces would be.
(() => {
  "use strict";
  const GALLERY = ".st-key-gallery";
  const BEGINNING = ".st-key-close-navigation";
  // What is above this is behind the menu.
  const TOP_PX = 64;
  // Pictures and cards come, and move what is below them, after the view has been opened.
  const SETTLED_MS = 1500;
  let isOpen = false;
  let untilMs = 0;
  const look = () => {
    const beginning = document.querySelector(BEGINNING);
    // The gallery stays above it until the page's run has ended.
    const isNow = Boolean(beginning) && !document.querySelector(GALLERY);
    if (isNow && !isOpen) untilMs = performance.now() + SETTLED_MS;
    isOpen = isNow;
    if (!isNow || performance.now() > untilMs) return;
    if (beginning.getBoundingClientRect().top < TOP_PX) {
      beginning.scrollIntoView({ behavior: "instant" });
    }
  };
  new MutationObserver(look).observe(document.documentElement, { childList: true, subtree: true });
  addEventListener("scroll", look, true);
  // The visitor's own way of moving counts more.
  for (const own of ["wheel", "touchmove", "keydown", "pointerdown"]) {
    addEventListener(own, () => (untilMs = 0), { capture: true, passive: true });
  }
})();
