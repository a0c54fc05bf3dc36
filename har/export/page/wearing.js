// How the phone is worn: turns of its axes, and where gravity points while somebody walks.
//
// As har/signals/orientation.py and har/inference/live_wearing.py, but that the automatic turn is
// the shortest one.

const AXES = {
  x: [1, 0, 0], "-x": [-1, 0, 0], y: [0, 1, 0], "-y": [0, -1, 0], z: [0, 0, 1], "-z": [0, 0, -1],
};
const OPPOSITE_DEGREES = 135;
const DOUBT_DEGREES = 45;
// Standard deviation, in g, of the acceleration's length in a second of lively movement.
const LIVELY_G = 0.1;
const STEADY_DEGREES = 20;
const SHORTEST_RUN_S = 3;
const MEASURED_S = 10;

function degreesBetween(one, other) {
  return Math.acos(Math.min(Math.max(cosineOf(one, other), -1), 1)) / RADIANS;
}

function cosineOf(one, other) {
  return dot(one, other) / Math.max(Math.sqrt(dot(one, one) * dot(other, other)), 1e-9);
}

function dot(one, other) {
  return one[0] * other[0] + one[1] * other[1] + one[2] * other[2];
}

function nearestAxis(direction) {
  const degrees = (axis) => degreesBetween(AXES[axis], direction);
  return Object.keys(AXES).reduce((best, axis) => (degrees(axis) < degrees(best) ? axis : best));
}

function timesMatrix(matrix, other) {
  return matrix.map((row) => [0, 1, 2].map((column) =>
    dot(row, other.map((values) => values[column]))));
}

// Returns the smallest rotation that brings one direction to another, three rows.
function shortestTurn(source, target) {
  const [start, end] = [source, target].map((vector) => {
    const length = Math.sqrt(dot(vector, vector));
    return vector.map((value) => value / length);
  });
  if (degreesBetween(start, end) > OPPOSITE_DEGREES) {
    const isFlat = nearestAxis(start).endsWith("z");
    const halfTurn = isFlat ? [[-1, 0, 0], [0, 1, 0], [0, 0, -1]] : [[-1, 0, 0], [0, -1, 0], [0, 0, 1]];
    return timesMatrix(shortestTurn(halfTurn.map((row) => dot(row, start)), end), halfTurn);
  }
  const [x, y, z] = [
    start[1] * end[2] - start[2] * end[1],
    start[2] * end[0] - start[0] * end[2],
    start[0] * end[1] - start[1] * end[0],
  ];
  const cross = [[0, -z, y], [z, 0, -x], [-y, x, 0]];
  const squared = timesMatrix(cross, cross);
  const factor = 1 / (1 + dot(start, end));
  return cross.map((row, i) => row.map((value, j) => (i === j) + value + factor * squared[i][j]));
}

function turned(values, matrix) {
  const out = [];
  for (let first = 0; first < values.length; first += 3) {
    const vector = values.slice(first, first + 3);
    out.push(...matrix.map((row) => dot(row, vector)));
  }
  return out;
}

// Turns samples as chosen, and doubts once how the phone is worn.
class Wearing {
  // choice: "" (as in training), an axis that points up, or "auto"; inTraining: gravity, or null.
  constructor(inTraining, choice, onNote, onTurn) {
    Object.assign(this, { inTraining, choice, onNote, onTurn });
    this.matrix = null;
    if (inTraining && AXES[choice]) {
      this.matrix = shortestTurn(AXES[choice], AXES[nearestAxis(inTraining)]);
    }
    this.second = [];
    this.run = [];
    this.lively = [];
    this.isMeasured = !inTraining;
  }

  of([timeS, ...values]) {
    const sample = () => [timeS, ...(this.matrix ? turned(values, this.matrix) : values)];
    if (!this.isMeasured) this.measure(sample());
    // The one that completes the measurement is the first to be turned: filters settle on it.
    return sample();
  }

  measure(sample) {
    this.second.push(sample);
    if (sample[0] - this.second[0][0] < 1) return;
    const lengths = this.second.map(([, x, y, z]) => Math.sqrt(x * x + y * y + z * z));
    const means = [1, 2, 3].map((column) => mean(this.second.map((one) => one[column])));
    this.second = [];
    const isLively = Math.sqrt(variance(lengths)) > LIVELY_G;
    const before = this.run.at(-1);
    const goesOn = before && degreesBetween(before, means) < STEADY_DEGREES;
    this.run = isLively ? [...(goesOn ? this.run : []), means] : [];
    if (this.run.length === SHORTEST_RUN_S) this.lively.push(...this.run);
    else if (this.run.length > SHORTEST_RUN_S) this.lively.push(means);
    if (this.lively.length >= MEASURED_S) this.conclude();
  }

  conclude() {
    this.isMeasured = true;
    const gravity = [0, 1, 2].map((axis) => {
      const sorted = this.lively.map((vector) => vector[axis]).sort((a, b) => a - b);
      const half = sorted.length / 2;
      return (sorted[Math.ceil(half) - 1] + sorted[Math.floor(half)]) / 2;
    });
    const degrees = degreesBetween(gravity, this.inTraining);
    if (this.choice === "auto") {
      this.matrix = shortestTurn(gravity, this.inTraining);
      this.onTurn();
      const text = `The phone’s axes were turned by ${degrees.toFixed(0)}°, so that gravity points as in training.`;
      this.onNote({ kind: "info", key: "wearing", text });
    } else if (degrees > DOUBT_DEGREES) {
      const text = "The phone is worn otherwise than in training: while you moved, gravity pointed "
        + `along ${nearestAxis(gravity)}, ${degrees.toFixed(0)}° from where it did. Choose below how it is worn.`;
      this.onNote({ kind: "doubt", key: "wearing", text });
    }
  }
}
