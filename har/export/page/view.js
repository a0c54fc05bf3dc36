// What the page shows: the activity, probabilities, signals, the timeline and doubts.

const SHOWN_S = 6;
const TIMELINE_S = 180;
const N_SEGMENTS = 5;
// Still signals drawn to their own full range would seem to move.
const LEAST_HALF_RANGE_G = 0.5;
const SPOKEN_EVERY_MS = 2000;
// Drawing with every frame delays the events of a slow phone.
const DRAWN_EVERY_MS = 100;
const OTHER_COLOUR = "#949494";

class View {
  constructor(settings) {
    this.byName = new Map(settings.activities.map((one) => [one.name, one]));
    this.find = (id) => document.getElementById(id);
    this.strips = [...document.querySelectorAll(".strip")].map((strip) => ({
      surface: new Surface(strip.querySelector("canvas")), output: strip.querySelector("output"),
      axis: strip.firstElementChild.textContent,
    }));
    this.timeline = new Surface(this.find("timeline"));
    this.shares = new Map([...this.find("shares").children].map((row, number) => {
      const { name, colour } = settings.activities[number];
      row.querySelector("span").style.background = colour;
      return [name, row];
    }));
    this.restart();
    const again = () => {
      this.measure();
      this.drawAll();
    };
    this.measure();
    window.addEventListener("resize", again);
    // A note may bring a scroll bar, and with it another width.
    new ResizeObserver(again).observe(this.timeline.canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  }

  // What makes the browser lay the page out, and so is asked only when it may have changed.
  measure() {
    for (const surface of [...this.strips.map((strip) => strip.surface), this.timeline]) surface.measure();
    this.lineColour = getComputedStyle(document.body).color;
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
    if (this.isWaiting) return;
    this.isWaiting = true;
    const waitMs = this.drawnMs === undefined ? 0 : this.drawnMs + DRAWN_EVERY_MS - performance.now();
    setTimeout(() => requestAnimationFrame(() => {
      this.isWaiting = false;
      this.drawnMs = performance.now();
      this.drawSignals();
    }), Math.max(waitMs, 0));
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
    // Not in the task that ran the network: samples come between the two.
    this.timelineTimer ||= setTimeout(() => {
      this.timelineTimer = 0;
      this.drawTimeline();
    }, DRAWN_EVERY_MS);
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

  // key: by which `forget` finds a note again that may cease to be true.
  note({ kind, text, key }) {
    const list = this.find("note-list");
    if (key) this.forget(key);
    if ([...list.children].some((item) => item.textContent === text)) return;
    const item = document.createElement("li");
    item.textContent = text;
    item.className = kind;
    if (key) item.dataset.key = key;
    list.append(item);
    this.find("notes").hidden = false;
  }

  forget(key) {
    const list = this.find("note-list");
    for (const item of [...list.children]) if (item.dataset.key === key) item.remove();
    this.find("notes").hidden = !list.children.length;
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
    this.strips.forEach(({ surface, output, axis }, number) => {
      const values = this.samples.map((sample) => sample[1 + number]);
      const [low, high] = [Math.min(...values), Math.max(...values)];
      const half = Math.max((high - low) / 2, LEAST_HALF_RANGE_G);
      const { context, width, height } = surface.cleared();
      context.lineWidth = 1.5;
      context.lineJoin = "round";
      context.strokeStyle = this.lineColour;
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
        surface.canvas.setAttribute("aria-label",
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
    const { canvas } = this.timeline;
    const { context, width, height } = this.timeline.cleared();
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

// A canvas' drawing surface, as sharp as the screen, measured in CSS pixels.
class Surface {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
  }

  measure() {
    ({ clientWidth: this.width, clientHeight: this.height } = this.canvas);
    this.scale = window.devicePixelRatio || 1;
    const [width, height] = [this.width, this.height].map((length) => Math.round(length * this.scale));
    // Even the same size, set anew, is new memory.
    if (this.canvas.width !== width) this.canvas.width = width;
    if (this.canvas.height !== height) this.canvas.height = height;
  }

  cleared() {
    this.context.setTransform(this.scale, 0, 0, this.scale, 0, 0);
    this.context.clearRect(0, 0, this.width, this.height);
    return this;
  }
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
