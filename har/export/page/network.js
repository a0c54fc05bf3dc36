// A trained network: probabilities of activities for a window of signals.
//
// The equations are those of har/models/packed; har/export/page_network.py describes the form.
// Sums are in double precision, weights in single. Matrices have a row for each output, so that
// each output is one product of two stretches of memory.

const CONSTANTS = {
  // See har/models/constants.py.
  smallestDeviation: 1e-4, smallestLength: 1e-6, middleMovement: -3.5, movementRange: 1.5,
  lags: [1, 3, 5, 10, 15, 20, 25, 35, 50],
  bandEdges: [0.0, 0.02, 0.04, 0.06, 0.08, 0.12, 0.16, 0.22, 0.3],
  smallestEnergy: 1e-12, largestCosine: 1 - 1e-6, summaryShare: 0.4, largest: 5,
};

class Network {
  constructor(form) {
    this.nTimesteps = form.n_timesteps;
    this.nChannels = form.n_channels;
    this.temperature = form.temperature;
    this.members = form.members.map((member) => new Member(member, form));
  }

  // window: Float32Array of n_timesteps * n_channels values, channels side by side.
  // Returns a Float64Array, the probability of each activity.
  predict(window) {
    const ofMembers = this.members.map((member) => member.logits(window));
    let logits = ofMembers[0];
    if (ofMembers.length > 1) {
      const shares = ofMembers.map(softmax);
      logits = logits.map((_, a) =>
        Math.log(shares.reduce((sum, share) => sum + share[a], 0) / shares.length));
    }
    return softmax(logits.map((logit) => logit / this.temperature));
  }
}

class Member {
  constructor(form, { n_timesteps, n_channels }) {
    this.nTimesteps = n_timesteps;
    this.nChannels = n_channels;
    this.heading = form.heading && new Heading(form.heading, n_timesteps, n_channels);
    this.views = new Views(form.views, n_timesteps, n_channels);
    this.convolutions = form.convolutions.map((one) => new Convolution(one));
    this.hasSkip = form.skip;
    this.embedding = form.embedding && new Dense(form.embedding);
    this.lstm = form.lstm.map((layer) =>
      layer.map((direction, number) => new LSTM(direction, number === 1)));
    this.pooling = new Pooling(form);
    this.output = new Dense(form.output);
    this.summary = form.summary && new Summary(form.summary, n_timesteps, n_channels);
  }

  logits(window) {
    const turned = this.heading ? this.heading.turned(window) : Float64Array.from(window);
    const logits = this.output.of(this.features(turned));
    if (!this.summary) return logits;
    const share = CONSTANTS.summaryShare;
    const ofSummary = logSoftmax(this.summary.logits(turned));
    return logSoftmax(logits).map((logit, a) => (1 - share) * logit + share * ofSummary[a]);
  }

  features(window) {
    let nSteps = this.nTimesteps;
    let width = this.views.nOutputs;
    let steps = this.views.of(window);
    for (const convolution of this.convolutions) {
      [steps, nSteps] = convolution.of(steps, nSteps, width);
      width = convolution.nOutputs;
    }
    let hidden = this.embedding ? this.embedding.ofAll(steps, nSteps).map(positive) : steps;
    let hiddenWidth = this.embedding ? this.embedding.nOutputs : width;
    for (const layer of this.lstm) {
      const outWidth = layer.length * layer[0].nUnits;
      const out = new Float64Array(nSteps * outWidth);
      layer.forEach((direction, number) =>
        direction.write(hidden, nSteps, hiddenWidth, out, number * direction.nUnits, outWidth));
      [hidden, hiddenWidth] = [out, outWidth];
    }
    const pooled = this.pooling.of(hidden, nSteps, hiddenWidth, this.lstm.at(-1)[0].nUnits);
    return this.hasSkip ? joined([pooled, meanOverTime(steps, nSteps, width)]) : pooled;
  }
}

class Views {
  constructor(form, nTimesteps, nChannels) {
    Object.assign(this, { form, nTimesteps, nChannels });
    this.nOutputs = 0;
    for (const kind of form.kinds) {
      this.nOutputs += kind === "channels" ? nChannels : form.movements.length;
    }
    if (form.mean) [this.mean, this.factor] = [arrayOf(form.mean), arrayOf(form.factor)];
  }

  of(window) {
    const { kinds, movements, compression, compressed_unit: unit } = this.form;
    const out = new Float64Array(this.nTimesteps * this.nOutputs);
    let start = 0;
    for (const kind of kinds) {
      if (kind === "channels") {
        for (let c = 0; c < this.nChannels; c++) {
          const [mean, factor] = [this.mean[c], this.factor[c]];
          this.write(window, c, out, start + c, (value) => (value - mean) * factor);
        }
        start += this.nChannels;
        continue;
      }
      movements.forEach((c, place) => {
        let change = (value) => unit * Math.asinh(value / compression);
        if (kind === "normalised") {
          const [mean, variance] = this.moments(window, c);
          const scale = Math.sqrt(variance + CONSTANTS.smallestDeviation ** 2);
          change = (value) => (value - mean) / scale;
        }
        this.write(window, c, out, start + place, change);
      });
      start += movements.length;
    }
    return out;
  }

  write(window, channel, out, place, change) {
    for (let t = 0; t < this.nTimesteps; t++) {
      out[t * this.nOutputs + place] = change(window[t * this.nChannels + channel]);
    }
  }

  moments(window, channel) {
    let [mean, variance] = [0, 0];
    for (let t = 0; t < this.nTimesteps; t++) mean += window[t * this.nChannels + channel];
    mean /= this.nTimesteps;
    for (let t = 0; t < this.nTimesteps; t++) {
      variance += (window[t * this.nChannels + channel] - mean) ** 2;
    }
    return [mean, variance / this.nTimesteps];
  }
}

class Convolution {
  constructor(form) {
    this.kernel = form.kernel;
    this.stride = form.stride;
    this.weight = arrayOf(form.weight);
    this.bias = arrayOf(form.bias);
    this.nOutputs = this.bias.length;
  }

  // Returns the outputs after ReLU and the number of their steps.
  of(steps, nSteps, width) {
    const padding = Math.floor(this.kernel / 2);
    const padded = new Float64Array((nSteps + 2 * padding) * width);
    padded.set(steps, padding * width);
    const nAfter = Math.floor((nSteps + 2 * padding - this.kernel) / this.stride) + 1;
    const out = new Float64Array(nAfter * this.nOutputs);
    const nRead = this.kernel * width;
    for (let t = 0; t < nAfter; t++) {
      multiply(this.weight, nRead, this.nOutputs, padded, t * this.stride * width,
        this.bias, 0, out, t * this.nOutputs);
    }
    return [out.map(positive), nAfter];
  }
}

class Dense {
  constructor(form) {
    this.weight = arrayOf(form.weight);
    this.bias = arrayOf(form.bias);
    this.nOutputs = this.bias.length;
    this.nInputs = this.weight.length / this.nOutputs;
  }

  of(values) {
    return this.ofAll(values, 1);
  }

  ofAll(values, nSteps) {
    const out = new Float64Array(nSteps * this.nOutputs);
    for (let t = 0; t < nSteps; t++) {
      multiply(this.weight, this.nInputs, this.nOutputs, values, t * this.nInputs,
        this.bias, 0, out, t * this.nOutputs);
    }
    return out;
  }
}

class LSTM {
  constructor(form, isBackward) {
    this.inputWeight = arrayOf(form.input);
    this.stateWeight = arrayOf(form.state);
    this.bias = arrayOf(form.bias);
    this.nUnits = this.bias.length / 4;
    this.isBackward = isBackward;
  }

  // Writes the state after each step into `out`, beside that of the other direction.
  write(steps, nSteps, width, out, place, outWidth) {
    const n = this.nUnits;
    const ofInput = new Float64Array(4 * n);
    const gates = new Float64Array(4 * n);
    const state = new Float64Array(n);
    const cells = new Float64Array(n);
    for (let step = 0; step < nSteps; step++) {
      const t = this.isBackward ? nSteps - 1 - step : step;
      multiply(this.inputWeight, width, 4 * n, steps, t * width, this.bias, 0, ofInput, 0);
      multiply(this.stateWeight, n, 4 * n, state, 0, ofInput, 0, gates, 0);
      for (let unit = 0; unit < n; unit++) {
        const [i, f] = [sigmoid(gates[unit]), sigmoid(gates[n + unit])];
        const [g, o] = [Math.tanh(gates[2 * n + unit]), sigmoid(gates[3 * n + unit])];
        cells[unit] = f * cells[unit] + i * g;
        state[unit] = o * Math.tanh(cells[unit]);
      }
      out.set(state, t * outWidth + place);
    }
  }
}

class Pooling {
  constructor(form) {
    this.kind = form.pooling;
    if (form.attention) {
      this.attention = new Dense(form.attention);
      this.score = arrayOf(form.attention.score);
    }
  }

  of(hidden, nSteps, width, nUnits) {
    if (this.kind === "last") {
      const last = hidden.slice((nSteps - 1) * width, nSteps * width);
      // The backward direction ends at the first step.
      last.set(hidden.subarray(nUnits, width), nUnits);
      return last;
    }
    if (this.kind === "attention") return this.attended(hidden, nSteps, width);
    const mean = meanOverTime(hidden, nSteps, width);
    if (this.kind === "mean") return mean;
    if (this.kind === "sum") return mean.map((value) => value * nSteps);
    const largest = hidden.slice(0, width);
    for (let t = 1; t < nSteps; t++) {
      for (let unit = 0; unit < width; unit++) {
        largest[unit] = Math.max(largest[unit], hidden[t * width + unit]);
      }
    }
    return this.kind === "max" ? largest : joined([mean, largest]);
  }

  attended(hidden, nSteps, width) {
    const seen = this.attention.ofAll(hidden, nSteps).map(Math.tanh);
    const n = this.attention.nOutputs;
    const shares = softmax(Float64Array.from({ length: nSteps }, (_, t) =>
      this.score.reduce((sum, weight, unit) => sum + weight * seen[t * n + unit], 0)));
    const pooled = new Float64Array(width);
    for (let t = 0; t < nSteps; t++) {
      for (let unit = 0; unit < width; unit++) pooled[unit] += shares[t] * hidden[t * width + unit];
    }
    return pooled;
  }
}

// Turns windows about x until they face forward; har/models/heading.py explains it. A vector
// (y, z) is a complex number there, and a pair of columns here.
class Heading {
  constructor(form, nTimesteps, nChannels) {
    Object.assign(this, { nTimesteps, nChannels });
    this.movements = form.movements;
    this.gravity = form.gravity;
    this.filters = arrayOf(form.filters);
    this.length = form.filters.shape[1];
    const weight = arrayOf(form.weight);
    this.real = weight.subarray(0, weight.length / 2);
    this.imaginary = weight.subarray(weight.length / 2);
  }

  turned(window) {
    const column = (channel) => columnOf(window, channel, this.nTimesteps, this.nChannels);
    let [ahead, aside] = [0, 0];
    this.references(column).forEach(([y, z], place) => {
      ahead += y * this.real[place] - z * this.imaginary[place];
      aside += y * this.imaginary[place] + z * this.real[place];
    });
    const length = Math.sqrt(ahead ** 2 + aside ** 2 + CONSTANTS.smallestLength ** 2);
    const [cosine, sine] = [ahead / length, aside / length];
    const turned = Float64Array.from(window);
    for (let first = 0; first < turned.length; first += 3) {
      const [y, z] = [turned[first + 1], turned[first + 2]];
      turned[first + 1] = y * cosine + z * sine;
      turned[first + 2] = z * cosine - y * sine;
    }
    return turned;
  }

  references(column) {
    const references = [];
    const nScales = this.filters.length / this.length / 2;
    for (let scale = 0; scale < nScales; scale++) references.push(...this.ofScale(column, scale));
    references.push([mean(column(3 * this.gravity + 1)), mean(column(3 * this.gravity + 2))]);
    const y = column(3 * this.movements[0] + 1);
    const z = column(3 * this.movements[0] + 2);
    const energy = variance(y) + variance(z);
    const movement = Math.log(deviation(energy)) - CONSTANTS.middleMovement;
    const factors = [1, mean(column(3 * this.gravity)), movement / CONSTANTS.movementRange];
    return factors.flatMap((factor) => references.map(([y, z]) => [factor * y, factor * z]));
  }

  // Correlations of what x and the plane do at one scale of time, and third moments.
  ofScale(column, scale) {
    const along = [0, 1].flatMap((derivative) => this.movements.map((triad) => {
      const values = this.filtered(column(3 * triad), 2 * scale + derivative);
      const size = deviation(meanSquare(values));
      return values.map((value) => value / size);
    }));
    const across = this.movements.map((triad) => {
      const y = this.filtered(column(3 * triad + 1), 2 * scale + 1);
      const z = this.filtered(column(3 * triad + 2), 2 * scale + 1);
      const size = deviation(meanSquare(y) + meanSquare(z));
      return [y.map((value) => value / size), z.map((value) => value / size)];
    });
    const products = along.flatMap((x) =>
      across.map(([y, z]) => [meanProduct(x, y), meanProduct(x, z)]));
    const thirds = across.map(([y, z]) => {
      const squares = y.map((value, t) => value ** 2 + z[t] ** 2);
      return [meanProduct(squares, y), meanProduct(squares, z)];
    });
    return [...products, ...thirds];
  }

  filtered(values, number) {
    const taps = this.filters.subarray(number * this.length, (number + 1) * this.length);
    const out = new Float64Array(values.length - this.length + 1);
    for (let t = 0; t < out.length; t++) {
      for (let k = 0; k < this.length; k++) out[t] += taps[k] * values[t + k];
    }
    return out;
  }
}

// Standardised features of a window and a small network on them; see har/models/summary.py.
class Summary {
  constructor(form, nTimesteps, nChannels) {
    Object.assign(this, { form, nTimesteps, nChannels });
    this.mean = arrayOf(form.mean);
    this.factor = arrayOf(form.factor);
    this.hidden = new Dense(form.hidden);
    this.output = new Dense(form.output);
    this.tables = spectralTables(nTimesteps);
  }

  logits(window) {
    const limit = CONSTANTS.largest;
    const features = Float64Array.from(this.features(window), (value, place) =>
      Math.min(Math.max((value - this.mean[place]) * this.factor[place], -limit), limit));
    return this.output.of(this.hidden.of(features).map(positive));
  }

  features(window) {
    const { triads: places, gravity, movements } = this.form;
    const tiny = CONSTANTS.smallestEnergy;
    const channels = Array.from({ length: this.nChannels }, (_, channel) =>
      columnOf(window, channel, this.nTimesteps, this.nChannels));
    const triads = places.map((axes) => axes.map((channel) => channels[channel]));
    const derived = triads.map(lengths);
    const angles = [];
    if (gravity !== null) {
      const means = triads[gravity].map(mean);
      const length = Math.sqrt(means.reduce((sum, value) => sum + value ** 2, tiny));
      const down = means.map((value) => value / length);
      const limit = CONSTANTS.largestCosine;
      angles.push(...down.map((cosine) => Math.acos(Math.min(Math.max(cosine, -limit), limit))));
      for (const number of movements) {
        const [x, y, z] = triads[number];
        const along = x.map((value, t) => value * down[0] + y[t] * down[1] + z[t] * down[2]);
        const rest = triads[number].map((axis, a) => axis.map((value, t) => value - along[t] * down[a]));
        derived.push(along, lengths(rest));
      }
    }
    const ofSignals = [...channels, ...derived].flatMap((signal) => this.ofSignal(signal));
    const ofTriads = triads.flatMap((axes) => {
      const centred = axes.map(centre);
      return [[0, 1], [0, 2], [1, 2]].map(([one, other]) => {
        const scale = (meanSquare(centred[one]) + tiny) * (meanSquare(centred[other]) + tiny);
        return meanProduct(centred[one], centred[other]) / Math.sqrt(scale);
      });
    });
    return [...ofSignals, ...ofTriads, ...angles];
  }

  ofSignal(signal) {
    const tiny = CONSTANTS.smallestEnergy;
    const { waves, nWaves, weights, nSums } = this.tables;
    const squares = new Float64Array(nWaves);
    multiply(waves, signal.length, nWaves, centre(signal), 0, squares, 0, squares, 0);
    for (let wave = 0; wave < nWaves; wave++) squares[wave] **= 2;
    const sums = new Float64Array(nSums);
    multiply(weights, nWaves, nSums, squares, 0, sums, 0, sums, 0);
    const end = 1 + CONSTANTS.lags.length;
    const hann = squares.subarray(2 * (signal.length + 1));
    const nFrequencies = hann.length / 2;
    let [total, weighted] = [0, 0];
    for (let k = 0; k < nFrequencies; k++) {
      const power = hann[k] + hann[nFrequencies + k] + tiny;
      total += power;
      weighted += power * Math.log(power);
    }
    return [
      mean(signal),
      Math.log(sums[0] + tiny),
      ...sums.slice(1, end).map((value) => value / (sums[0] + tiny)),
      ...sums.slice(end, nSums - 2).map((value) => Math.log(value + tiny)),
      Math.log(total) - weighted / total,
      sums[nSums - 1] / (sums[nSums - 2] + tiny),
    ];
  }
}

// The tables of har/models/constants.py, with a row for each wave and for each sum.
function spectralTables(n) {
  const padded = Array.from({ length: n + 1 }, (_, k) => k / (2 * n));
  const plain = Array.from({ length: Math.floor(n / 2) }, (_, k) => (k + 1) / n);
  const ones = new Array(n).fill(1);
  const hann = ones.map((_, t) => 0.5 - 0.5 * Math.cos(2 * Math.PI * t / n));
  const waves = [[ones, padded], [hann, plain]].flatMap(([window, frequencies]) =>
    [Math.cos, Math.sin].flatMap((wave) => frequencies.map((frequency) =>
      window.map((height, t) => height * wave(2 * Math.PI * t * frequency)))));
  const hannSquares = hann.reduce((sum, height) => sum + height ** 2, 0);
  const ofPadded = padded.map((f) => (f === 0 || f === 0.5 ? 1 : 2) / (2 * n ** 2));
  const ofPlain = plain.map((f) => (f === 0.5 ? 1 : 2) / (n * hannSquares));
  const nothing = [padded, plain].map((frequencies) => frequencies.map(() => 0));
  const lags = [0, ...CONSTANTS.lags].map((lag) => Math.min(lag, n));
  const rows = lags.map((lag) => {
    const row = padded.map((f, k) => ofPadded[k] * Math.cos(2 * Math.PI * f * lag));
    return [...row, ...row, ...nothing[1], ...nothing[1]];
  });
  const edges = CONSTANTS.bandEdges;
  const energies = [
    plain.map((f, k) => ofPlain[k] * (2 - 2 * Math.cos(2 * Math.PI * f))),
    ...edges.slice(1).map((high, band) =>
      plain.map((f, k) => (edges[band] < f && f <= high ? ofPlain[k] : 0))),
    ofPlain,
    plain.map((f, k) => ofPlain[k] * f),
  ];
  rows.push(...energies.map((row) => [...nothing[0], ...nothing[0], ...row, ...row]));
  return {
    waves: Float32Array.from(waves.flat()), nWaves: waves.length,
    weights: Float32Array.from(rows.flat()), nSums: rows.length,
  };
}

// Writes weight (nOutputs rows of nInputs) times values, from a place on, plus a start. Four outputs
// at a time read each value once, and their sums do not wait for each other.
function multiply(weight, nInputs, nOutputs, values, from, start, startFrom, out, to) {
  let output = 0;
  for (; output + 4 <= nOutputs; output += 4) {
    const first = output * nInputs;
    const second = first + nInputs;
    const third = second + nInputs;
    const fourth = third + nInputs;
    let a = start[startFrom + output];
    let b = start[startFrom + output + 1];
    let c = start[startFrom + output + 2];
    let d = start[startFrom + output + 3];
    for (let k = 0; k < nInputs; k++) {
      const value = values[from + k];
      a += weight[first + k] * value;
      b += weight[second + k] * value;
      c += weight[third + k] * value;
      d += weight[fourth + k] * value;
    }
    out[to + output] = a;
    out[to + output + 1] = b;
    out[to + output + 2] = c;
    out[to + output + 3] = d;
  }
  for (; output < nOutputs; output++) {
    let sum = start[startFrom + output];
    for (let k = 0; k < nInputs; k++) sum += weight[output * nInputs + k] * values[from + k];
    out[to + output] = sum;
  }
}

function arrayOf({ data }) {
  const text = atob(data);
  const view = new DataView(new ArrayBuffer(text.length));
  for (let place = 0; place < text.length; place++) view.setUint8(place, text.charCodeAt(place));
  return Float32Array.from({ length: text.length / 4 }, (_, k) => view.getFloat32(4 * k, true));
}

function columnOf(window, channel, nTimesteps, nChannels) {
  const column = new Float64Array(nTimesteps);
  for (let t = 0; t < nTimesteps; t++) column[t] = window[t * nChannels + channel];
  return column;
}

function meanOverTime(steps, nSteps, width) {
  const means = new Float64Array(width);
  for (let t = 0; t < nSteps; t++) {
    for (let unit = 0; unit < width; unit++) means[unit] += steps[t * width + unit];
  }
  return means.map((sum) => sum / nSteps);
}

function joined(parts) {
  return Float64Array.from(parts.flatMap((part) => [...part]));
}

function lengths([x, y, z]) {
  return x.map((value, t) =>
    Math.sqrt(value ** 2 + y[t] ** 2 + z[t] ** 2 + CONSTANTS.smallestEnergy));
}

function centre(values) {
  const middle = mean(values);
  return values.map((value) => value - middle);
}

function meanProduct(values, others) {
  let sum = 0;
  for (let t = 0; t < values.length; t++) sum += values[t] * others[t];
  return sum / values.length;
}

const meanSquare = (values) => meanProduct(values, values);
const deviation = (square) => Math.sqrt(square + CONSTANTS.smallestDeviation ** 2);
const positive = (value) => (value > 0 ? value : 0);
const sigmoid = (value) => 1 / (1 + Math.exp(-value));

function logSoftmax(logits) {
  const largest = Math.max(...logits);
  const sum = logits.reduce((total, logit) => total + Math.exp(logit - largest), 0);
  return logits.map((logit) => logit - largest - Math.log(sum));
}

function softmax(logits) {
  return logSoftmax(logits).map(Math.exp);
}
