"""Every text that people see, in one place."""

from typing import TYPE_CHECKING, Final

from maskdet_core import Verdict

if TYPE_CHECKING:
    from streamlit_webrtc.config import Translations

APP_NAME: Final = "Maskdet"

LIVE_TITLE: Final = "Live camera"
PHOTO_TITLE: Final = "Photo check"
METRICS_TITLE: Final = "Training metrics"
ABOUT_TITLE: Final = "About"

VERDICT_WORDS: Final = {
    Verdict.WITH_MASK: "Mask",
    Verdict.WITHOUT_MASK: "No mask",
    Verdict.NOT_SURE: "Not sure",
}

# --- shared ---------------------------------------------------------------------------------
THRESHOLD_LABEL: Final = "How sure it must be"
THRESHOLD_HELP: Final = (
    "A verdict needs at least this probability. Below it the answer is “Not sure”. "
    "It takes effect at once."
)
LOADING_MODEL: Final = "Loading the network …"
NO_MODEL: Final = (
    "**The network cannot be used, so no face can be judged.** The other pages still work.\n\n"
    "- File: `{path}`\n- Reason: {reason}\n"
)
NO_MODEL_REMEDY: Final = (
    "To mend it, fetch the file again with `git checkout -- models`, or make a network of your "
    "own (`python -m train --help` explains how), then reload this page. Another file can be "
    "named in the environment variable `MASKDET_MODEL`."
)

# --- live -----------------------------------------------------------------------------------
LIVE_INTRO: Final = (
    "Press **Start** and look into the camera. Each face gets a frame and a verdict."
)
LIVE_IDLE_TITLE: Final = "Camera is off"
LIVE_IDLE: Final = "Press Start below the picture and allow the camera when the browser asks."
LIVE_CONNECTING_TITLE: Final = "Connecting …"
LIVE_CONNECTING: Final = (
    "Allow the camera when the browser asks. If nothing happens for 15 seconds, your network "
    "probably blocks the video link: use the photo check instead."
)
LIVE_WAITING_TITLE: Final = "Connected"
LIVE_WAITING: Final = "Waiting for the first picture from the camera."
LIVE_ON_TITLE: Final = "Running"
LIVE_NO_FACE: Final = "No face in the picture right now."
LIVE_ERRORS: Final = "{n} frames could not be judged and were shown unmarked."
LIVE_PLAIN_HTTP: Final = (
    "This page was opened over plain HTTP. Browsers give web pages the camera only over HTTPS or "
    "on localhost, so Start will not work here. Open the HTTPS address, or use the photo check."
)
LIVE_BAD_ICE: Final = (
    "`MASKDET_ICE_SERVERS` is not understood and is ignored: {reason}. It must be a JSON list such "
    'as `[{{"urls": "stun:stun.example.org:3478"}}]`.'
)
LIVE_HELP_TITLE: Final = "The camera does not start?"
LIVE_HELP: Final = (
    "- **Refused (“NotAllowedError”):** click the camera or lock sign beside the address, allow "
    "the camera, reload.\n"
    "- **Not found (“NotFoundError”) or busy (“NotReadableError”):** plug it in, close other "
    "programs that use it, reload.\n"
    "- **Connecting for ever:** the network blocks the video link. A TURN server set in "
    "`MASKDET_ICE_SERVERS` helps.\n"
)
LIVE_WAY_OUT: Final = "Check a photo instead"
LIVE_BAD_LIMIT: Final = "`MASKDET_MAX_VIEWERS` is not understood and is ignored: {reason}."
LIVE_OPTIONS: Final = "Settings"
LIVE_FPS: Final = "Frames a second"
LIVE_FPS_HELP: Final = "How many arrive at the server, and how many come back."
LIVE_LATENCY: Final = "Time per frame"
LIVE_LATENCY_HELP: Final = "19 of 20 frames leave the server within this time."
LIVE_AGE: Final = "Last look"
LIVE_AGE_HELP: Final = "How long ago the face that has waited longest was looked at."
LIVE_VIEWERS: Final = "Viewers"
LIVE_VIEWERS_OF: Final = "{n} of {most}"
LIVE_VIEWERS_HELP: Final = "People watched over live now, and how many this server has room for."
LIVE_LOAD: Final = "Server at {percent} %"
LIVE_TIMELINE: Final = "Faces over the last two minutes: masks above the line, no masks below."
LIVE_TIMELINE_AXIS: Final = "seconds ago"
CAMERA_LABEL: Final = "Camera"
CAMERA_FRONT: Final = "Front"
CAMERA_REAR: Final = "Rear"
CAMERA_HELP: Final = (
    "For phones. Choose before Start; “Choose a camera” under the picture names every one."
)
MIRROR_LABEL: Final = "Show it like a mirror"
ALERT_LABEL: Final = "When somebody wears no mask"
ALERT_OFF: Final = "Nothing"
ALERT_COLOUR: Final = "Banner"
ALERT_SOUND: Final = "Banner and sound"
ALERT_HELP: Final = "Only this page says so, to you alone. Nothing is noted or sent."
ALERT_WORDS: Final = "Somebody in the picture wears no mask"
SNAPSHOT: Final = "Save this picture"
SNAPSHOT_HELP: Final = "The newest picture with its frames, straight to you; the server keeps none."
FULL_TITLE: Final = "All places are taken just now"
FULL: Final = (
    "This server can watch over only so many live pictures at once, and does it well for those "
    "who are here. You are let in as soon as a place is free. Meanwhile the photo check is open "
    "to everybody."
)
FULL_WAITING: Final = "Waiting for a place; this page looks by itself every two seconds."

START: Final = "Start"
STOP: Final = "Stop"
WEBRTC_WORDS: "Final[Translations]" = {
    "start": START,
    "stop": STOP,
    "select_device": "Choose a camera",
    "select_camera": "Choose a camera",
    "turn_camera_on": "Turn the camera on",
    "turn_camera_off": "Turn the camera off",
    "media_api_not_available": "This browser gives no camera to this page (HTTPS is needed).",
    "device_ask_permission": "Please allow the camera in your browser.",
    "device_not_available": "No camera was found, or another program uses it.",
    "device_access_denied": "The camera was refused. Allow it beside the address, then reload.",
}

# --- photo ----------------------------------------------------------------------------------
PHOTO_INTRO: Final = "Choose one photo or many. Every face that is not very small is looked for."
PHOTO_UPLOAD: Final = "Photos (JPEG, PNG or WebP, up to 20 MB each)"
PHOTO_NOTE: Final = "Photos are checked in the server's memory and never stored."
PHOTO_EMPTY: Final = "Your photos appear here with a verdict for each face."
PHOTO_PROGRESS: Final = "Checking photo {n} of {total} …"
PHOTO_ERROR: Final = "This file could not be checked: {reason}."
PHOTO_NO_FACE: Final = (
    "**No face found.** Faces that are turned far away, very small or very dark are missed."
)
PHOTO_OVER_CAP: Final = (
    "Only the {shown} most certain faces were judged; {n} more were found. Cut the photo into "
    "parts to have all of them checked."
)
PHOTO_DOWNLOAD: Final = "Download with frames"
PHOTO_DOWNLOAD_HELP: Final = "A JPEG without place, date or any other data of the original."
PHOTO_TOTAL: Final = "All photos together"
P_MASK: Final = "mask probability {value} %"
P_NONE: Final = "no probability"

# --- metrics --------------------------------------------------------------------------------
METRICS_INTRO: Final = (
    "How the network was trained, and how often it is right on photos it never saw."
)
METRICS_PICK: Final = "Training run"
METRICS_NO_RUNS: Final = (
    "No training record yet. `python -m train --help` explains how to start a training; this page "
    "then shows it while it runs."
)
METRICS_SHIPPED: Final = "shipped"
METRICS_RUNNING: Final = "Training is running; this page follows it by itself."
METRICS_QUIET: Final = (
    "The record says that this training is running, but nothing was written for {minutes} minutes. "
    "It may have been interrupted."
)
METRICS_NO_EPOCHS: Final = "No epoch is finished yet, so there are no curves to draw."
METRICS_NO_EVALUATION: Final = "This run has not been evaluated yet."
METRICS_CURVES: Final = "Learning curves"
METRICS_CURVES_NOTE: Final = (
    "Solid: pictures it learns from. Dashed: pictures kept aside. Training pictures are made "
    "harder on purpose (blur, noise, shifts), so the dashed line may lie above the solid one."
)
METRICS_SETS: Final = "How often it is right"
METRICS_SETS_NOTE: Final = (
    "Each dot is the share of right answers, the bar its 95 % confidence interval: the fewer "
    "pictures, the wider."
)
METRICS_DETAIL: Final = "One test set in detail"
METRICS_SET_PICK: Final = "Test set"
METRICS_CONFUSION_NOTE: Final = "Rows are what is true, columns what the network said at 50 %."
METRICS_THRESHOLD_NOTE: Final = (
    "Marked: from {high} % mask probability on it says “Mask”, below {low} % “No mask”, between "
    "the two “Not sure”."
)
FINDER_TITLE: Final = "Finding faces"
FINDER_STOCK: Final = "This server is set to OpenCV's own cascades; they miss many masked people."
FINDER_NO_RECORD: Final = "The cascades in use have not been measured yet."
FINDER_PICK: Final = "Photographs"
FINDER_DOTS_NOTE: Final = (
    "People in photographs that the cascades never saw, with 95 % intervals. The photographs come "
    "with boxes by a neural face detector, not drawn by hand."
)
FINDER_PRICE_NOTE: Final = "Who wants more faces gets more false ones; this is the trade."
FINDER_STAGES: Final = "How the cascades were trained"
FINDER_STAGES_NOTE: Final = (
    "Each stage learns from what all stages before it took for a face. The line shows the share of "
    "such windows that are left: first after the search, which looks at brightness in a small "
    "window, then after the check, which looks at the surroundings, at detail and at colour too."
)
METRICS_CALIBRATION_NOTE: Final = (
    "On the dashed line, faces said to be masked with 80 % are masked in 80 of 100 cases. Larger "
    "dots stand for more faces."
)
METRICS_RISK_NOTE: Final = (
    "The less sure it may be, the more faces get a verdict and the more of these are wrong. The "
    "dot marks what the app asks for."
)
ABLATIONS_TITLE: Final = "What each part of the recipe is worth"
ABLATIONS_EMPTY: Final = "ablations.json names no test."
ABLATIONS_PICK: Final = "Test"
ABLATIONS_NOTE: Final = (
    "Each network was trained for the same {epochs} epochs of {faces} faces from the same seed, "
    "with one thing changed, and judged on people whom none had met. What ships was trained "
    "longer. Lines are 95 % intervals: where they overlap much, the order may be chance."
)
METRICS_PHOTOS: Final = "Whole photographs"
METRICS_PHOTOS_NOTE: Final = (
    "Here faces must first be found, which is the harder part: a person whose face is not found "
    "gets no verdict."
)

# --- about ----------------------------------------------------------------------------------
ABOUT_INTRO: Final = (
    "Maskdet tells from a camera or a photo who wears a face mask over mouth and nose."
)
ABOUT_HOW: Final = "How it works"
ABOUT_STEPS: Final = (
    ("Picture", "A camera frame or a photo of yours reaches the server."),
    ("Find faces", "Haar cascades, trained on masked and bare faces, mark where faces are."),
    ("Cut out", "Each face becomes a square of 128 × 128 pixels."),
    ("Judge", "VGG19, a network with 19 layers, gives the probability of a mask."),
    ("Verdict", "“Mask”, “No mask”, or “Not sure” when neither is likely enough."),
)
ABOUT_READING: Final = "How to read the frames"
ABOUT_FRAMES: Final = (
    (Verdict.WITH_MASK, "Blue, one solid line"),
    (Verdict.WITHOUT_MASK, "Orange, a double line"),
    (Verdict.NOT_SURE, "Grey, a dashed line"),
)
ABOUT_LIMITS: Final = "What it cannot do"
ABOUT_LIMITS_TEXT: Final = (
    "- Faces seen from the side, tilted, very small or in poor light are often not found at all.\n"
    "- A mask under the nose or on the chin is not a class of its own: expect either answer.\n"
    "- Scarves, beards, hands and other things before the mouth can fool it.\n"
    "- A probability is an estimate of the network, not a measured rate for your camera.\n"
    "- It is a demonstration. Do not decide about people with it, and it is no medical or safety "
    "device.\n"
)
ABOUT_PRIVACY: Final = "Privacy"
ABOUT_PRIVACY_TEXT: Final = (
    "- **What leaves your device:** camera frames and chosen photos are sent to the server that "
    "runs this app. If you started it on your own computer, that is your computer.\n"
    "- **What happens there:** they are judged in memory. They are never written to disk and never "
    "logged, nor are file names.\n"
    "- **How long:** a camera frame until the next one comes or the stream ends; a photo and its "
    "result until you remove it, close the page, or your session ends.\n"
    "- **What it does not do:** it recognises nobody, makes no template of a face, and sends no "
    "usage statistics.\n"
    "- **Who else is involved:** away from localhost your browser and the server ask a public STUN "
    "server for their own network address before a video starts. It sees addresses, never "
    "pictures.\n"
)
ABOUT_MODEL: Final = "The network in use"
