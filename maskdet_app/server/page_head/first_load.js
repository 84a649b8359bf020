// Marks the page while it loads for the first time: meanwhile the style sheet keeps back what would
// be moved by parts that come later. Afterwards nothing is kept back any more.
(() => {
  "use strict";
  // Of parts that need a script of their own, and of a run of the page.
  const PENDING = "[data-testid=stSkeleton], [data-test-script-state=running]";
  const BEGUN = ".stMain :is(h1, h2, .st-key-live-stage, [data-testid=stAlertContainer])";
  const STILL_MS = 500;
  const AT_MOST_MS = 30000;

  const page = document.documentElement;
  page.dataset.mdLoading = "";
  let timer;
  const end = () => {
    observer.disconnect();
    delete page.dataset.mdLoading;
  };
  const look = () => {
    const isPending = !document.querySelector(BEGUN) || document.querySelector(PENDING);
    if (isPending) {
      clearTimeout(timer);
      timer = undefined;
    } else if (timer === undefined) {
      timer = setTimeout(end, STILL_MS);
    }
  };
  const observer = new MutationObserver(look);
  observer.observe(page, {
    attributeFilter: ["data-test-script-state"],
    attributes: true,
    childList: true,
    subtree: true,
  });
  setTimeout(end, AT_MOST_MS);
})();
