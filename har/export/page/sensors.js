// The motion sensors of a phone: samples in g and rad/s, device axes, signs alike on all systems.
//
// DeviceMotionEvent, as its specification and the browsers have it:
//
// - Axes are those of the device, whatever the screen shows: x to the right, y to the top edge, z
//   out of the screen (W3C, Device Orientation and Motion, section 3.2; Apple, DeviceMotionEvent).
// - accelerationIncludingGravity is in m/s² and is specific force: flat on a table, screen up, it
//   is z = +9.8 (W3C, same document, example of a device that lies flat, and issue 96 there; MDN,
//   DeviceMotionEvent.accelerationIncludingGravity). Browsers on Android follow. WebKit on iOS
//   passes on Core Motion's userAcceleration + gravity times 9.80665, in which gravity points down:
//   z = -9.8, and every sign is the other one (WebKit, Source/WebCore/platform/ios/
//   WebCoreMotionManager.mm, sendMotionData). All browsers on iOS use WebKit.
// - rotationRate is in deg/s, right-handed: alpha about x, beta about y, gamma about z. Until 2024
//   the specification said alpha about z, beta about x, gamma about y, after deviceorientation's
//   angles; no browser did that (w3c/deviceorientation issue 44: Chrome, Firefox and Safari), and
//   the specification now says what they do. Signs are the same on iOS (CMRotationRate).
// - interval is in ms. Browsers send at most 60 events a second, those of a page that is seen only,
//   and round to 0.1 m/s² and 0.1 deg/s (W3C, section on firing devicemotion; Chromium 156 does).
// - timeStamp is in ms, on the clock of performance.now().
// - On iOS 13 and later DeviceMotionEvent.requestPermission must be called within a tap.
// - deviceorientation's beta and gamma are angles about x and y in degrees, with the same meaning
//   on all systems: up is (-cos(beta) sin(gamma), sin(beta), cos(beta) cos(gamma)) along the axes
//   of the device. A still phone must measure +1 g along it, which shows whether signs are right.

const G = 9.80665;
const RADIANS = Math.PI / 180;
// Below this rate, in Hz, the network sees less than it was trained on; windows need 10.
const LOW_RATE_HZ = 40;
const RATE_CHECK_S = 5;
// Longer steps, and longer than so many usual ones, are pauses, which say nothing about the rate.
const LONGEST_STEP_OF_RATE_S = 0.12;
const PAUSE_STEPS = 4;
const WAIT_MS = 2500;
// Standard deviation in g of a still phone's acceleration, and cosines that say clearly.
const STILL_G = 0.05;
const CLEAR_COSINE = 0.8;

function isApplePhone({ userAgent = "", platform = "", maxTouchPoints = 0 }) {
  // iPads say that they are Macs, which have no touch screens.
  const isPad = (platform === "MacIntel" || /Macintosh/.test(userAgent)) && maxTouchPoints > 1;
  return /iPhone|iPad|iPod/.test(userAgent) || isPad;
}

// Returns [t_s, ax, ay, az, gx, gy, gz] in g and rad/s, without the last three if there is no
// gyroscope; null for an event without acceleration.
function sampleOf({ timeStamp, accelerationIncludingGravity: acc, rotationRate }, isReversed) {
  const inG = acc && [acc.x, acc.y, acc.z];
  if (!inG || !inG.every(Number.isFinite)) return null;
  const factor = (isReversed ? -1 : 1) / G;
  const sample = [timeStamp / 1000, ...inG.map((value) => factor * value)];
  const rates = rotationRate && [rotationRate.alpha, rotationRate.beta, rotationRate.gamma];
  if (rates && rates.every(Number.isFinite)) sample.push(...rates.map((rate) => rate * RADIANS));
  return sample;
}

function upward({ beta, gamma }) {
  const [b, c] = [beta * RADIANS, gamma * RADIANS];
  return [-Math.cos(b) * Math.sin(c), Math.sin(b), Math.cos(b) * Math.cos(c)];
}

class MotionSensors {
  // onSample gets one sample; onNote {kind, text, key}; onForget the key of a note that is no longer
  // true; isReversed says whether signs are Apple's.
  constructor(onSample, onNote, onForget, isReversed) {
    Object.assign(this, { onSample, onNote, onForget, isReversed });
    this.onMotion = (event) => this.take(event);
    this.onOrientation = ({ beta, gamma }) => {
      // Without such a sensor there is one event, of nulls.
      if (Number.isFinite(beta) && Number.isFinite(gamma)) this.orientation = { beta, gamma };
    };
  }

  // Must be called within a tap. Returns whether there is permission.
  async request() {
    const kinds = [window.DeviceMotionEvent, window.DeviceOrientationEvent];
    if (!kinds[0]) {
      this.onNote({ kind: "error", text: "This browser has no motion sensors for pages." });
      return false;
    }
    // Both within the tap; without orientation only the check of signs is missing.
    const asked = kinds.map((kind) =>
      (kind && typeof kind.requestPermission === "function" ? kind.requestPermission() : "granted"));
    const [motion] = await Promise.allSettled(asked);
    if (motion.value === "granted") return true;
    if (motion.status === "rejected") {
      const { message } = motion.reason;
      this.onNote({ kind: "error", text: `The browser did not ask for permission: ${message}` });
      return false;
    }
    this.onNote({
      kind: "error",
      text: "Motion was not allowed. Close this page, open it again and allow motion and orientation.",
    });
    return false;
  }

  start() {
    this.newestS = null;
    this.beginRate();
    this.isSlow = false;
    this.orientation = null;
    this.restartSigns(this.isReversed);
    window.addEventListener("devicemotion", this.onMotion);
    window.addEventListener("deviceorientation", this.onOrientation);
    this.timer = setTimeout(() => this.doubtSilence(), WAIT_MS);
  }

  // Signs that were set otherwise are checked as if for the first time.
  restartSigns(isReversed) {
    this.isReversed = isReversed;
    this.still = [];
    this.signsAreChecked = false;
    this.onForget("signs");
  }

  stop() {
    clearTimeout(this.timer);
    window.removeEventListener("devicemotion", this.onMotion);
    window.removeEventListener("deviceorientation", this.onOrientation);
  }

  take(event) {
    const sample = sampleOf(event, this.isReversed);
    if (sample === null) return;
    this.checkRate(sample[0]);
    if (!this.signsAreChecked) this.checkSigns(sample);
    this.onSample(sample);
  }

  doubtSilence() {
    if (this.newestS !== null) return;
    const where = window.isSecureContext ? "" : " Browsers give motion on https:// or localhost only.";
    this.onNote({
      kind: "error",
      key: "silence",
      text: `No motion came from this device: it has no sensors, or the browser keeps them back.${where}`,
    });
  }

  beginRate() {
    this.steps = [];
    this.lengthS = 0;
  }

  checkRate(timeS) {
    if (this.newestS === null) {
      this.newestS = timeS;
      this.onForget("silence");
      return;
    }
    const stepS = timeS - this.newestS;
    // Repeated, or late.
    if (stepS <= 0) return;
    this.newestS = timeS;
    if (stepS > RATE_CHECK_S) {
      this.beginRate();
      return;
    }
    this.steps.push(stepS);
    this.lengthS += stepS;
    if (this.lengthS < RATE_CHECK_S) return;
    this.judgeRate(rateOf(this.steps));
    this.beginRate();
  }

  judgeRate(rateHz) {
    const isSlow = rateHz < LOW_RATE_HZ;
    if (isSlow && !this.isSlow) {
      this.onNote({
        kind: "doubt",
        key: "rate",
        text: `Only ${rateHz.toFixed(0)} samples a second come, where the network learned from 50: `
          + "fast movements look smoother than they are.",
      });
    } else if (!isSlow) this.onForget("rate");
    this.isSlow = isSlow;
  }

  checkSigns([timeS, ...values]) {
    this.still.push([timeS, values.slice(0, 3)]);
    if (timeS - this.still[0][0] < 1) return;
    const acc = this.still.map(([, sample]) => sample);
    this.still = [];
    if (this.orientation === null) return;
    const means = [0, 1, 2].map((axis) => mean(acc.map((sample) => sample[axis])));
    const spread = [0, 1, 2].map((axis) => variance(acc.map((sample) => sample[axis])));
    if (Math.sqrt(Math.max(...spread)) > STILL_G) return;
    const cosine = cosineOf(means, upward(this.orientation));
    if (Math.abs(cosine) < CLEAR_COSINE) return;
    this.signsAreChecked = true;
    if (cosine < 0) {
      this.onNote({
        kind: "doubt",
        key: "signs",
        text: "The signs of acceleration contradict how the phone lies: gravity is measured on the "
          + "wrong side. Change “Signs are reversed” below.",
      });
    }
  }
}

// Returns samples a second from the steps between them, in seconds, pauses left out.
function rateOf(steps) {
  const usualS = [...steps].sort((a, b) => a - b)[Math.floor(steps.length / 2)];
  const longestS = Math.max(LONGEST_STEP_OF_RATE_S, PAUSE_STEPS * usualS);
  return 1 / mean(steps.filter((stepS) => stepS <= longestS));
}

function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function variance(values) {
  const middle = mean(values);
  return mean(values.map((value) => (value - middle) ** 2));
}
