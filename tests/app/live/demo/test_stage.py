"""The stage's script in Node.js: which film is on it, and whose counts the panel shows."""

import pytest

from maskdet_app.live.demo import stage
from tests.app.live.node import run

# A page whose films arrive when a step says so. Shows the films on the stage after each step, and
# after "play" the number in the panel, which belongs to film B.
STAGE = """
const listeners = [], log = [], asked = {}, onStage = [], shown = {textContent: "0"};
class Element {
  constructor(tag) { Object.assign(this, {tag, dataset: {}, style: {setProperty: () => {},
    removeProperty: () => {}}, currentTime: 0, paused: true}); }
  get isConnected() { return this.tag !== "video" || onStage.includes(this); }
  setAttribute() {} toggleAttribute() {} append() {} before() {}
  prepend(video) { onStage.unshift(video); }
  remove() { if (this.isConnected) onStage.splice(onStage.indexOf(this), 1); }
  pause() { this.paused = true; }
  async play() { this.paused = false; }
  addEventListener(kind, listener) { setImmediate(listener); }
  requestVideoFrameCallback(next) { this.next = next; }
  querySelector(what) { return this.querySelectorAll(what)[0] || null; }
  querySelectorAll(what) { return what === "video" ? [...onStage] : []; }
}
const root = {before: () => {}, querySelectorAll: () => [],
  querySelector: (what) => (what === "[data-role=start]" ? {} : null)};
const spans = [{from_s: 0, to_s: 9, counts: {with_mask: 7}}];
const tile = {dataset: {demo: "with_mask"}, querySelector: () => shown, toggleAttribute: () => {}};
const panel = {dataset: {film: "/B", spans: JSON.stringify(spans)}, querySelectorAll: () => [tile],
  querySelector: () => ({style: {}})};
URL.createObjectURL = () => "blob:";
URL.revokeObjectURL = () => {};
Object.assign(globalThis, {window: globalThis, location: {href: "http://x/a/b/index.html"},
  matchMedia: () => ({matches: false}), innerWidth: 1000,
  addEventListener: (kind, listener) => listeners.push(listener),
  parent: {document: {querySelector: () => panel}},
  document: {documentElement: new Element("html"), createElement: (tag) => new Element(tag),
    getElementById: () => root, addEventListener: () => {}},
  fetch: ({pathname}) => new Promise((done) => (asked[pathname.slice(-1)] = done))});
console.debug = () => {};
require(process.argv[1]);
const steps = {
  ask: (film) => listeners.forEach((listener) => listener({data: {type: "streamlit:render",
    args: {translations: {stage: {film: `/${film}`}}}}})),
  get: (film) => asked[film]({ok: true, blob: async () => null}),
  fail: (film) => asked[film]({ok: false, status: 404}),
  play: (film) => onStage.find(({dataset}) => dataset.url === `/${film}`).next(0, {mediaTime: 1}),
};
(async () => {
  for (const step of process.argv.slice(2)) {
    const [name, film] = step.split(" ");
    steps[name](film);
    for (let i = 0; i < 4; i++) await new Promise(setImmediate);
    const films = onStage.map(({dataset}) => dataset.url.slice(1)).join("+");
    log.push(name === "play" ? shown.textContent : films || "-");
  }
  console.log(log.join(" "));
})();
"""


@pytest.mark.parametrize(
    ("steps", "shown"),
    [
        (["ask A", "get A", "ask B", "get B"], "- A A B"),
        # the third is asked for before the second is there
        (["ask A", "get A", "ask B", "ask C", "get B", "get C"], "- A A A A C"),
        (["ask A", "get A", "ask B", "ask C", "get C", "get B"], "- A A A C C"),
        # one that does not come leaves the one before, which the next replaces
        (["ask A", "get A", "ask B", "fail B", "ask C", "get C"], "- A A A A C"),
        (["ask A", "get A", "ask B", "fail B", "ask A"], "- A A A A"),
    ],
)
def test_one_film_is_on_the_stage(steps: list[str], shown: str) -> None:
    assert run(STAGE, str(stage.SCRIPT), *steps) == shown


def test_counts_are_of_the_film_that_the_panel_belongs_to() -> None:
    steps = ["ask A", "get A", "play A", "ask B", "get B", "play B"]
    assert run(STAGE, str(stage.SCRIPT), *steps) == "- A 0 A B 7"
