// Answers of a server; har/export/web_page.py describes the interface, har/serve/messages.py what
// is sent.

class Model {
  constructor(settings, onAnswer, onNote) {
    this.nValues = 1 + settings.n_raw_channels;
    this.onAnswer = onAnswer;
    this.onNote = onNote;
    this.waiting = [];
    this.zero = null;
    this.isClosed = false;
    this.isAwaySaid = false;
    this.hasDroppedSaid = false;
    this.retryMs = Model.FIRST_RETRY_MS;
    this.timer = null;
    this.connect();
  }

  // samples: arrays [t_s, ax, ay, az, gx, gy, gz] in g and rad/s.
  push(samples) {
    this.waiting.push(...samples);
    if (this.waiting.length > Model.MOST_WAITING) {
      this.waiting.splice(0, this.waiting.length - Model.MOST_WAITING);
      if (!this.hasDroppedSaid) {
        this.hasDroppedSaid = true;
        this.onNote({ kind: "doubt", text: "The server is too slow or away: samples are left out." });
      }
    }
    if (this.socket === null && this.timer === null) this.connect();
    if (this.waiting.length >= Model.AT_ONCE) this.send();
  }

  close() {
    this.isClosed = true;
    clearTimeout(this.timer);
    if (this.socket !== null) {
      this.send();
      this.socket.close(1000);
    }
  }

  // Labelled samples, see Recorder.recording; the server's answers to this page are fitted to them.
  async teach({ subject, samples, labels }) {
    const startS = samples[0][0];
    const rounded = samples.map(([timeS, ...values]) => [
      Number((timeS - startS).toFixed(4)),
      ...values.slice(0, this.nValues - 1).map((value) => Number(value.toPrecision(6))),
    ]);
    const body = new Blob([JSON.stringify({ subject, samples: rounded, labels })]);
    if (body.size > Model.MOST_TAUGHT_BYTES) throw new Error("the recording is too long, expected some minutes");
    const response = await fetch(`/teach?${queryOf(Model.KEY)}`, { method: "POST", body });
    if (!response.ok) throw new Error((await response.text()).trim());
    return response.json();
  }

  connect() {
    this.timer = null;
    if (this.isClosed) return;
    const query = queryOf(Model.KEY);
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}/live?${query}`);
    this.socket = socket;
    this.zero = null;
    socket.onopen = () => {
      if (this.isAwaySaid) this.onNote({ kind: "info", text: "The server is there again." });
      this.isAwaySaid = false;
      this.send();
    };
    socket.onmessage = (event) => this.receive(JSON.parse(event.data));
    socket.onclose = (event) => this.lost(event);
  }

  // Not more than the network takes: what waits here can be left out, what was sent cannot.
  send() {
    const socket = this.socket;
    if (socket === null || socket.readyState !== WebSocket.OPEN) return;
    while (this.waiting.length && socket.bufferedAmount < Model.MOST_UNSENT_BYTES) {
      const samples = this.waiting.splice(0, Model.MOST_IN_MESSAGE);
      if (this.zero === null) this.zero = samples[0][0];
      socket.send(JSON.stringify({ samples }));
    }
  }

  receive(message) {
    if (message.kind === "note") this.onNote(message.note);
    if (message.kind !== "answer") return;
    this.retryMs = Model.FIRST_RETRY_MS;
    const { kind, ...answer } = message;
    for (const name of ["start_s", "end_s", "state_start_s", "state_end_s"]) {
      // The server counts from the first sample that it got.
      if (answer[name] !== null) answer[name] += this.zero;
    }
    this.onAnswer(answer);
  }

  lost(event) {
    this.socket = null;
    if (this.isClosed || event.code === Model.IDLE) return;
    if (event.reason && event.code !== Model.RESTARTING) {
      this.onNote({ kind: "error", text: event.reason });
    } else if (!this.isAwaySaid) {
      this.onNote({ kind: "doubt", text: "No connection to the server: trying again." });
    }
    this.isAwaySaid = true;
    this.timer = setTimeout(() => this.connect(), this.retryMs);
    this.retryMs = Math.min(2 * this.retryMs, Model.LAST_RETRY_MS);
  }
}

function queryOf(key) {
  const query = new URLSearchParams({ key });
  const token = new URLSearchParams(location.search).get("token");
  if (token !== null) query.set("token", token);
  return query;
}

// By it the server knows this page again after a lost connection, and whose recording is sent.
Model.KEY = [...crypto.getRandomValues(new Uint8Array(16))]
  .map((value) => value.toString(16).padStart(2, "0")).join("");
Model.MOST_TAUGHT_BYTES = 8 << 20;
// A fifth of a second at 50 Hz.
Model.AT_ONCE = 10;
Model.MOST_IN_MESSAGE = 500;
Model.MOST_WAITING = 1500;
Model.MOST_UNSENT_BYTES = 1 << 16;
Model.FIRST_RETRY_MS = 500;
Model.LAST_RETRY_MS = 8000;
Model.RESTARTING = 1012;
Model.IDLE = 4408;
