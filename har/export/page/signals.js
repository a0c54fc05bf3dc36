// From samples at any times to windows at 50 Hz: what har stream does with them.
//
// Grid is har/reading/streams/interpolation.py, UciHarFilters har/signals/streaming.py, sample by
// sample and in double precision, WindowCutter the cutting into windows.

const RATE_HZ = 50;
// Steps of 20 ms; longer holes are gaps.
const LONGEST_HOLE = 5;
const WARM_UP_S = 10;
const WINDOW_STEP = 64;

// Puts samples on a grid of 20 ms that begins with the first one, linearly between neighbours.
class Grid {
  constructor() {
    this.before = null;
    this.nextSlot = 0;
    this.isAfterGap = false;
  }

  // Returns objects {slot, values, isAfterGap} for the slots up to a sample.
  add(timeS, values) {
    const isFirst = this.before === null;
    if (isFirst) {
      this.startS = timeS;
      this.before = { time: 0, values };
    }
    const steps = (timeS - this.startS) * RATE_HZ;
    const nearest = Math.round(steps);
    const time = Math.abs(steps - nearest) < 1e-3 ? nearest : steps;
    const { before } = this;
    // Repeated, or late.
    if (time <= before.time && !isFirst) return [];
    this.before = { time, values };
    if (time - before.time > LONGEST_HOLE + 1) {
      this.nextSlot = Math.ceil(time);
      this.isAfterGap = true;
      // The first sample after a gap counts if it lies on a slot.
      return time === this.nextSlot ? [this.taken(values)] : [];
    }
    const found = [];
    while (this.nextSlot <= time) {
      const length = time - before.time;
      const share = length > 0 ? (this.nextSlot - before.time) / length : 1;
      found.push(this.taken(values.map((after, axis) =>
        share === 1 ? after : before.values[axis] + share * (after - before.values[axis]))));
    }
    return found;
  }

  taken(values) {
    const { isAfterGap, nextSlot: slot } = this;
    this.nextSlot += 1;
    this.isAfterGap = false;
    return { slot, values: values.map(Math.fround), isAfterGap };
  }
}

// A causal filter of second-order sections, as scipy.signal.sosfilt, settled on its first sample.
class LowPass {
  constructor({ sections, settled }) {
    this.sections = sections;
    this.settled = settled;
    this.state = null;
  }

  of(sample) {
    if (this.state === null) {
      this.state = this.settled.map((pair) => pair.map((value) => value * sample));
    }
    let value = sample;
    this.sections.forEach(([b0, b1, b2, , a1, a2], number) => {
      const state = this.state[number];
      const out = b0 * value + state[0];
      state[0] = b1 * value - a1 * out + state[1];
      state[1] = b2 * value - a2 * out;
      value = out;
    });
    return value;
  }
}

// Turns raw samples into the channels of UCI HAR, one sample late.
class UciHarFilters {
  constructor(filters, nRawChannels) {
    Object.assign(this, { filters, nRawChannels });
    this.restart();
  }

  restart() {
    const ofAxes = (design) =>
      Array.from({ length: this.nRawChannels }, () => new LowPass(design));
    this.noise = ofAxes(this.filters.noise);
    this.slow = ofAxes(this.filters.gravity);
    for (let axis = 3; axis < this.nRawChannels; axis++) {
      this.slow[axis] = new LowPass(this.filters.gyroscope_drift);
    }
    this.lastTwo = null;
  }

  // Returns the channels of the sample before this one; null for the first.
  push(sample) {
    if (this.lastTwo === null) {
      this.lastTwo = [sample, sample];
      return null;
    }
    const [before, here] = this.lastTwo;
    this.lastTwo = [here, sample];
    const denoised = here.map((value, axis) => this.noise[axis].of(
      Math.max(Math.min(before[axis], value), Math.min(Math.max(before[axis], value), sample[axis]))));
    const body = denoised.map((value, axis) => value - this.slow[axis].of(value));
    return [...body, ...denoised.slice(0, 3)];
  }

  // Returns the channels of the last sample, whose neighbour does not come.
  finish() {
    const last = this.lastTwo === null ? null : this.push(this.lastTwo[1]);
    this.restart();
    return last;
  }
}

// Keeps the channels of the last window; every 64 samples one is complete.
class WindowCutter {
  constructor(nTimesteps, nChannels) {
    Object.assign(this, { nTimesteps, nChannels });
    this.restart();
  }

  restart() {
    this.signals = new Float32Array(this.nTimesteps * this.nChannels);
    this.nSamples = 0;
  }

  // Returns {window, firstSample} when one is complete, else null.
  push(channels) {
    this.signals.copyWithin(0, this.nChannels);
    this.signals.set(channels, this.signals.length - this.nChannels);
    this.nSamples += 1;
    const firstSample = this.nSamples - this.nTimesteps;
    if (firstSample < 0 || firstSample % WINDOW_STEP) return null;
    return { window: this.signals.slice(), firstSample };
  }
}

// Windows of samples that come one after the other; they start anew after a gap.
class WindowStream {
  constructor(filters, { n_timesteps, n_channels }, nRawChannels) {
    this.grid = new Grid();
    this.filters = new UciHarFilters(filters, nRawChannels);
    this.cutter = new WindowCutter(n_timesteps, n_channels);
    this.nTimesteps = n_timesteps;
    this.firstSlot = 0;
    this.stretch = 0;
  }

  // sample: [t_s, ax, ay, az, …]. Returns the windows that it completes, with times in seconds.
  push([timeS, ...values]) {
    const found = [];
    for (const { slot, values: raw, isAfterGap } of this.grid.add(timeS, values)) {
      if (isAfterGap) {
        found.push(this.cut(this.filters.finish()));
        this.cutter.restart();
        [this.firstSlot, this.stretch] = [slot, this.stretch + 1];
      }
      found.push(this.cut(this.filters.push(raw)));
    }
    return found.filter((one) => one !== null);
  }

  // Returns the window that the last sample completes, if it does.
  finish() {
    return [this.cut(this.filters.finish())].filter((one) => one !== null);
  }

  cut(channels) {
    const complete = channels && this.cutter.push(channels);
    if (!complete) return null;
    const startS = this.grid.startS + (this.firstSlot + complete.firstSample) / RATE_HZ;
    return {
      window: complete.window,
      startS,
      endS: startS + this.nTimesteps / RATE_HZ,
      isWarmingUp: complete.firstSample / RATE_HZ < WARM_UP_S,
      stretch: this.stretch,
    };
  }
}
