// A photo that is opened from far down in the gallery is shown from its beginning: Streamlit keeps the
// place on the page, where now its last faces would be.
(() => {
  "use strict";
  const GALLERY = ".st-key-gallery";
  const BEGINNING = ".st-key-close-navigation";
  // What is above this is behind the menu.
  const TOP_PX = 64;
  let isOpen = false;
  new MutationObserver(() => {
    const beginning = document.querySelector(BEGINNING);
    // The gallery stays above it until the page's run has ended.
    const isNow = Boolean(beginning) && !document.querySelector(GALLERY);
    if (isNow && !isOpen && beginning.getBoundingClientRect().top < TOP_PX) {
      beginning.scrollIntoView();
    }
    isOpen = isNow;
  }).observe(document.documentElement, { childList: true, subtree: true });
})();
