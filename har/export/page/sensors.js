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
  // onSample gets one sample; onNote {kind, text}; isReversed says whether signs are Apple's.
  constructor(onSample, onNote, isReversed) {
    Object.assign(this, { onSample, onNote, isReversed });
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
    this.times = [];
    this.still = [];
    this.orientation = null;
    this.signsAreChecked = this.gyroscopeIsChecked = false;
    window.addEventListener("devicemotion", this.onMotion);
    window.addEventListener("deviceorientation", this.onOrientation);
    this.timer = setTimeout(() => this.doubtSilence(), WAIT_MS);
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
    if (this.times === null || this.times.length) return;
    const where = window.isSecureContext ? "" : " Browsers give motion on https:// or localhost only.";
    this.onNote({
      kind: "error",
      text: `No motion came from this device: it has no sensors, or the browser keeps them back.${where}`,
    });
  }

  checkRate(timeS) {
    if (this.times === null) return;
    this.times.push(timeS);
    const lengthS = timeS - this.times[0];
    if (lengthS < RATE_CHECK_S) return;
    const rateHz = (this.times.length - 1) / lengthS;
    this.times = null;
    if (rateHz < LOW_RATE_HZ) {
      this.onNote({
        kind: "doubt",
        text: `Only ${rateHz.toFixed(0)} samples a second come, where the network learned from 50: `
          + "fast movements look smoother than they are.",
      });
    }
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
        text: "The signs of acceleration contradict how the phone lies: gravity is measured on the "
          + "wrong side. Change “Signs are reversed” below.",
      });
    }
  }
}

function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function variance(values) {
  const middle = mean(values);
  return mean(values.map((value) => (value - middle) ** 2));
}
