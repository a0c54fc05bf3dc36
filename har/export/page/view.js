// What the page shows: the activity, probabilities, signals, the timeline and doubts.

const SHOWN_S = 6;
const TIMELINE_S = 180;
const N_SEGMENTS = 5;
// Still signals drawn to their own full range would seem to move.
const LEAST_HALF_RANGE_G = 0.5;
const SPOKEN_EVERY_MS = 2000;
const OTHER_COLOUR = "#949494";

class View {
  constructor(settings) {
    this.byName = new Map(settings.activities.map((one) => [one.name, one]));
    this.find = (id) => document.getElementById(id);
    this.strips = [...document.querySelectorAll(".strip")].map((strip) => ({
      canvas: strip.querySelector("canvas"), output: strip.querySelector("output"),
      axis: strip.firstElementChild.textContent,
    }));
    this.shares = new Map([...this.find("shares").children].map((row, number) => {
      const { name, colour } = settings.activities[number];
      row.querySelector("span").style.background = colour;
      return [name, row];
    }));
    this.restart();
    window.addEventListener("resize", () => this.drawAll());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.drawAll());
  }

  restart() {
    this.samples = [];
    this.answers = [];
    this.startS = null;
    this.find("note-list").replaceChildren();
    this.find("notes").hidden = true;
  }

  push(sample) {
    this.startS ??= sample[0];
    this.samples.push(sample);
    while (sample[0] - this.samples[0][0] > SHOWN_S) this.samples.shift();
    this.isWaiting ||= requestAnimationFrame(() => {
      this.isWaiting = 0;
      this.drawSignals();
    });
  }

  waiting(text) {
    this.find("activity").textContent = "…";
    this.find("probability").textContent = text;
  }

  stopped() {
    this.find("activity").textContent = "Stopped";
    this.find("probability").textContent = "";
    this.find("activity").style.removeProperty("--now");
  }

  answer(answer) {
    const { activity, probability, state, state_probability: ofState } = answer;
    const shown = this.byName.get(state) || { label: state, colour: OTHER_COLOUR };
    const single = (this.byName.get(activity) || { label: activity }).label;
    this.find("activity").textContent = shown.label;
    this.find("activity").style.setProperty("--now", shown.colour);
    const sure = ofState === null ? "" : `${percent(ofState)} in context. `;
    const warm = answer.warming_up ? " The filters still settle." : "";
    this.find("probability").textContent =
      `${sure}The last window alone: ${single}, ${percent(probability)}.${warm}`;
    if (this.spoken !== shown.label) this.find("spoken").textContent = this.spoken = shown.label;
    for (const [name, share] of Object.entries(answer.probabilities)) {
      const row = this.shares.get(name) || this.addRow(name);
      row.querySelector("span").style.width = `${100 * share}%`;
      row.querySelector(".number").textContent = percent(share);
    }
    this.answers.push({ startS: answer.start_s, endS: answer.end_s, name: state });
    while (answer.end_s - this.answers[0].endS > TIMELINE_S) this.answers.shift();
    this.drawTimeline();
  }

  // An activity that the model was taught.
  addRow(name) {
    const row = this.shares.values().next().value.cloneNode(true);
    row.querySelector("dt").textContent = name;
    row.querySelector("span").style.background = OTHER_COLOUR;
    this.byName.set(name, { name, label: name, colour: OTHER_COLOUR });
    this.shares.set(name, row);
    this.find("shares").append(row);
    return row;
  }

  // Activities that the model knows from now on, as in the settings.
  learn(activities) {
    for (const one of activities) {
      const row = this.shares.get(one.name) || this.addRow(one.name);
      row.querySelector("dt").textContent = one.label;
      row.querySelector("span").style.background = one.colour;
      this.byName.set(one.name, one);
    }
  }

  note({ kind, text }) {
    const list = this.find("note-list");
    if ([...list.children].some((item) => item.textContent === text)) return;
    const item = document.createElement("li");
    item.textContent = text;
    item.className = kind;
    list.append(item);
    this.find("notes").hidden = false;
  }

  drawAll() {
    this.drawSignals();
    this.drawTimeline();
  }

  drawSignals() {
    if (!this.samples.length) return;
    const endS = this.samples.at(-1)[0];
    const isSpoken = !(performance.now() - this.spokenMs < SPOKEN_EVERY_MS);
    if (isSpoken) this.spokenMs = performance.now();
    this.strips.forEach(({ canvas, output, axis }, number) => {
      const values = this.samples.map((sample) => sample[1 + number]);
      const [low, high] = [Math.min(...values), Math.max(...values)];
      const half = Math.max((high - low) / 2, LEAST_HALF_RANGE_G);
      const { context, width, height } = drawingOn(canvas);
      context.lineWidth = 1.5;
      context.lineJoin = "round";
      context.strokeStyle = getComputedStyle(document.body).color;
      context.beginPath();
      values.forEach((value, place) => {
        const x = width * (1 - (endS - this.samples[place][0]) / SHOWN_S);
        const y = height * (0.5 - 0.45 * (value - (low + high) / 2) / half);
        context.lineTo(x, y);
      });
      context.stroke();
      const now = signed(values.at(-1));
      output.textContent = now;
      if (isSpoken) {
        canvas.setAttribute("aria-label",
          `Acceleration along ${axis}: now ${now} g, between ${signed(low)} and ${signed(high)} in the last seconds`);
      }
    });
  }

  // Segments of one state, each from the middle between windows to the next, as har predict has them.
  segments() {
    const found = [];
    this.answers.forEach(({ startS, endS, name }, place) => {
      const next = this.answers[place + 1];
      const before = found.at(-1);
      const until = next && next.startS < endS ? (endS + next.startS) / 2 : endS;
      if (before && before.name === name && startS <= before.endS) before.endS = until;
      else found.push({ name, startS: before ? Math.max(before.endS, startS) : startS, endS: until });
    });
    return found;
  }

  drawTimeline() {
    if (!this.answers.length) return;
    const canvas = this.find("timeline");
    const { context, width, height } = drawingOn(canvas);
    const lastS = this.answers.at(-1).endS;
    const segments = this.segments().map((segment) => ({
      ...segment, ...(this.byName.get(segment.name) || { label: segment.name, colour: OTHER_COLOUR }),
    }));
    for (const { startS, endS, colour } of segments) {
      const [left, right] = [startS, endS].map((timeS) => width * (1 - (lastS - timeS) / TIMELINE_S));
      context.fillStyle = colour;
      context.fillRect(left, 0, right - left, height);
    }
    const last = segments.slice(-N_SEGMENTS).reverse();
    canvas.setAttribute("aria-label",
      `Timeline: ${last.map(({ label, startS, endS }) => `${label} for ${duration(endS - startS)}`).join(", before ")}`);
    this.find("segments").replaceChildren(...last.map(({ label, colour, startS, endS }) => {
      const item = document.createElement("li");
      const mark = document.createElement("i");
      mark.style.background = colour;
      item.append(mark, ...[clock(startS - this.startS), label, duration(endS - startS)].map((text) => {
        const cell = document.createElement("span");
        cell.textContent = text;
        return cell;
      }));
      return item;
    }));
  }
}

// Returns a canvas' empty drawing surface, as sharp as the screen, measured in CSS pixels.
function drawingOn(canvas) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const scale = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const context = canvas.getContext("2d");
  context.scale(scale, scale);
  return { context, width, height };
}

function percent(share) {
  return share >= 0.995 && share < 1 ? "> 99 %" : `${Math.round(100 * share)} %`;
}

function signed(value) {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;
}

function clock(seconds) {
  const whole = Math.max(Math.floor(seconds), 0);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

function duration(seconds) {
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
