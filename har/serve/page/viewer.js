"use strict";
// Shows one of the live streams; har/serve/messages.py describes what comes.

const SETTINGS = JSON.parse(document.getElementById("settings").textContent);
const LIST_EVERY_MS = 2000;
const SIGNALS_S = 10;
const TIMELINE_S = 120;
const MOST_NOTES = 20;
const query = new URLSearchParams(location.search);
const byId = (id) => document.getElementById(id);
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function addressWith(stream) {
  const address = new URLSearchParams();
  if (query.get("token") !== null) address.set("token", query.get("token"));
  if (stream !== null) address.set("stream", stream);
  return `?${address}`;
}

async function list() {
  try {
    const response = await fetch(`/streams${addressWith(null)}`);
    const { streams } = await response.json();
    byId("none").hidden = streams.length > 0;
    byId("streams").replaceChildren(
      ...streams.map(({ name, source, state }) => {
        const item = document.createElement("li");
        const link = document.createElement("a");
        link.href = `/${addressWith(name)}`;
        link.textContent = name;
        if (name === query.get("stream")) link.setAttribute("aria-current", "page");
        const words = [source === name ? "" : ` (${source})`, state === null ? "" : `: ${labelOf(state)}`];
        item.append(link, words.join(""));
        return item;
      }),
    );
    if (!query.get("stream") && streams.length === 1) location.replace(`/${addressWith(streams[0].name)}`);
  } catch {
    byId("none").hidden = false;
    byId("none").textContent = "No connection to the server.";
  }
  setTimeout(list, LIST_EVERY_MS);
}

const labelOf = (name) => (SETTINGS.activities[name] ?? { label: name }).label;

class Watched {
  constructor(name) {
    this.samples = [];
    this.answers = [];
    byId("name").textContent = name;
    byId("stream").hidden = false;
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}/watch${addressWith(name)}`);
    socket.onmessage = (event) => this.receive(JSON.parse(event.data));
    socket.onclose = (event) => {
      this.note({ text: `Over: ${event.reason || "no connection to the server"}` });
      setTimeout(() => this.again(name), LIST_EVERY_MS);
    };
    this.draw = this.draw.bind(this);
    requestAnimationFrame(this.draw);
  }

  // A stream of this name may begin again.
  async again(name) {
    try {
      const { streams } = await (await fetch(`/streams${addressWith(null)}`)).json();
      if (streams.some((stream) => stream.name === name)) location.reload();
    } catch { /* The server is away. */ }
    setTimeout(() => this.again(name), LIST_EVERY_MS);
  }

  receive(message) {
    if (message.kind === "samples") {
      this.samples.push(...message.samples);
      const last = this.samples[this.samples.length - 1][0];
      this.samples = this.samples.filter(([time]) => time > last - SIGNALS_S);
    } else if (message.kind === "answer") {
      this.answers.push(message);
      this.answers = this.answers.filter(({ end_s }) => end_s > message.end_s - TIMELINE_S);
      byId("state").textContent = labelOf(message.state);
      const percent = message.state_probability === null ? "" : `${Math.round(100 * message.state_probability)} %`;
      byId("detail").textContent = [percent, message.warming_up ? "filters settle in the first 10 s" : ""].filter(Boolean).join(", ");
    } else if (message.kind === "note") {
      this.note(message.note);
    }
  }

  note({ text }) {
    const item = document.createElement("li");
    item.textContent = text;
    byId("notes").append(item);
    while (byId("notes").children.length > MOST_NOTES) byId("notes").firstChild.remove();
  }

  draw() {
    this.drawSignals(byId("signals"));
    this.drawTimeline(byId("timeline"));
    requestAnimationFrame(this.draw);
  }

  drawSignals(canvas) {
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, canvas.width, canvas.height);
    if (!this.samples.length) return;
    const last = this.samples[this.samples.length - 1][0];
    const most = Math.max(1.5, ...this.samples.map((row) => Math.max(...row.slice(1, 4).map(Math.abs))));
    ["--x", "--y", "--z"].forEach((name, axis) => {
      context.strokeStyle = colour(name);
      context.lineWidth = 2;
      context.beginPath();
      for (const row of this.samples) {
        const x = canvas.width * (1 - (last - row[0]) / SIGNALS_S);
        context.lineTo(x, (canvas.height / 2) * (1 - (0.95 * row[axis + 1]) / most));
      }
      context.stroke();
    });
  }

  drawTimeline(canvas) {
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, canvas.width, canvas.height);
    if (!this.answers.length) return;
    const last = this.answers[this.answers.length - 1].end_s;
    const at = (time) => canvas.width * (1 - (last - time) / TIMELINE_S);
    for (const { start_s, end_s, state } of this.answers) {
      context.fillStyle = (SETTINGS.activities[state] ?? { colour: "#949494" }).colour;
      context.fillRect(at(start_s), 0, at(end_s) - at(start_s) + 1, canvas.height);
    }
  }
}

if (query.get("stream")) new Watched(query.get("stream"));
list();
