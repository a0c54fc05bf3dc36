"""A page for phones in headless Chromium, and motion events as a phone sends them."""

from __future__ import annotations

import numpy as np

G = 9.80665
# As the browser sends them, but at chosen times: an event's own time is when it was made.
_PLAY = """
const rows = arguments[0];
for (const [time, x, y, z, ...rates] of rows) {
  const [alpha, beta, gamma] = rates.length ? rates : [null, null, null];
  const event = new DeviceMotionEvent("devicemotion", {
    accelerationIncludingGravity: { x, y, z }, rotationRate: { alpha, beta, gamma }, interval: 20,
  });
  Object.defineProperty(event, "timeStamp", { value: time });
  window.dispatchEvent(event);
}
"""
_LISTEN = """
window.heard = { answers: [], notes: [] };
const { view } = app;
for (const [kind, list] of [["answer", heard.answers], ["note", heard.notes]]) {
  const usual = view[kind].bind(view);
  view[kind] = (said) => { list.push(said); usual(said); };
}
"""
_LAST_SAMPLE = """
const done = arguments[0];
const look = () => {
  const sample = app.view.samples.at(-1);
  if (sample && sample.length === 7 && sample[3] !== 0) done(sample); else setTimeout(look, 10);
};
look();
"""
# Apple's phones ask, and answer within a tap only.
ASKING_PHONE = """
DeviceMotionEvent.requestPermission = async () => {
  window.asked = navigator.userActivation.isActive;
  return "granted";
};
"""
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1"
)
_AT_ONCE = 4000


def start(browser):
    """Tap start, and keep what the page is told from then on."""
    browser.execute_script(_LISTEN)
    browser.find_element("id", "start").click()
    browser.execute_async_script(
        "const done = arguments[0];"
        "const look = () => app.isRunning ? done() : setTimeout(look, 5); look();"
    )


def play(browser, samples, rate_hz=50.0, start_s=100.0, sign=1, times_s=None):
    """Send samples in g and rad/s, shape (n_samples, 6 or 3), as events of a phone."""
    times_s = start_s + np.arange(len(samples)) / rate_hz if times_s is None else times_s
    acc = sign * G * samples[:, :3].astype(float)
    rates = np.degrees(samples[:, 3:].astype(float))
    rows = np.column_stack([1000 * times_s, acc, rates]).tolist()
    for first in range(0, len(rows), _AT_ONCE):
        browser.execute_script(_PLAY, rows[first : first + _AT_ONCE])


def sense(browser, acc_m_s2, rates_rad_s):
    """Let the browser's own virtual sensors measure; return the page's sample of it."""
    sensors = {
        "accelerometer": acc_m_s2,
        "linear-acceleration": (0, 0, 0),
        "gyroscope": rates_rad_s,
    }
    for kind, values in sensors.items():
        about = {"available": True, "minimumFrequency": 1, "maximumFrequency": 60}
        browser.execute_cdp_cmd(
            "Emulation.setSensorOverrideEnabled", {"enabled": True, "type": kind, "metadata": about}
        )
        reading = {"xyz": dict(zip("xyz", values, strict=True))}
        browser.execute_cdp_cmd(
            "Emulation.setSensorOverrideReadings", {"type": kind, "reading": reading}
        )
    start(browser)
    try:
        return browser.execute_async_script(_LAST_SAMPLE)
    finally:
        for kind in sensors:
            browser.execute_cdp_cmd(
                "Emulation.setSensorOverrideEnabled", {"enabled": False, "type": kind}
            )


def stop(browser):
    """Tap stop; return the answers and the notes since the start."""
    browser.execute_script("app.stop()")
    heard = browser.execute_script("return heard")
    return heard["answers"], heard["notes"]
