// Labelled recordings, as a table that `har train --data.set recordings` reads.
//
// One file has all people and activities of this page; recordings.csv names its columns. Samples
// lie along the axes that the page has turned, at their own times. Without a label they stay
// unlabelled, as har does with an empty cell.

const TABLE = "recordings.csv";
// Longer ones are breaks between recordings.
const LONGEST_STEP_S = 0.5;

class Recorder {
  constructor() {
    this.rows = [];
    // By "subject, activity".
    this.seconds = new Map();
    // The place in rows where each recording begins.
    this.begins = [];
    this.isOn = false;
    this.label = "";
    this.subject = "";
  }

  start(subject) {
    this.begins.push(this.rows.length);
    this.subject = subject;
    this.isOn = true;
  }

  stop() {
    this.isOn = false;
    this.label = "";
  }

  push(sample) {
    if (!this.isOn) return;
    this.rows.push({ sample, activity: this.label, subject: this.subject });
    this.count(this.rows.length - 1);
  }

  // Adds the step that leads to a row to what its label has lasted.
  count(place) {
    const [before, row] = [this.rows[place - 1], this.rows[place]];
    const { sample } = row;
    const stepS = before ? sample[0] - before.sample[0] : 0;
    if (!row.activity || stepS <= 0 || stepS > LONGEST_STEP_S) return;
    const key = `${row.subject}, ${row.activity}`;
    this.seconds.set(key, (this.seconds.get(key) || 0) + stepS);
  }

  // Forgets the last recording, from its start to its stop.
  discard() {
    this.rows.length = this.begins.pop();
    this.subject = this.rows.length ? this.rows.at(-1).subject : "";
    this.seconds.clear();
    this.rows.forEach((_, place) => this.count(place));
  }

  // Returns a person's name as it was spelled before.
  spelling(subject) {
    const before = this.rows.find((row) => folded(row.subject) === folded(subject));
    return before ? before.subject : subject;
  }

  get hasGyroscope() {
    return this.rows.every(({ sample }) => sample.length > 4);
  }

  csv() {
    const nValues = this.hasGyroscope ? 6 : 3;
    const headings = ["acc_x (g)", "acc_y (g)", "acc_z (g)", "gyro_x (rad/s)", "gyro_y (rad/s)", "gyro_z (rad/s)"];
    const lines = [["time_s", ...headings.slice(0, nValues), "activity", "subject"].join(",")];
    const startS = this.rows.length ? this.rows[0].sample[0] : 0;
    for (const { sample, activity, subject } of this.rows) {
      const numbers = sample.slice(1, nValues + 1).map((value) => Number(value.toPrecision(7)));
      const timeS = (sample[0] - startS).toFixed(4);
      lines.push([timeS, ...numbers, quotedCell(activity), quotedCell(subject)].join(","));
    }
    return `${lines.join("\n")}\n`;
  }

  table(name) {
    return `file,subject_column,label_column\n${name},subject,activity\n`;
  }

  // What Model.teach gets: samples in the order of time, and the activity of each, "" if unlabelled.
  // Of the last person alone.
  recording() {
    const rows = this.rows.filter(({ subject }) => subject === this.subject);
    return {
      subject: this.subject,
      samples: rows.map(({ sample }) => sample),
      labels: rows.map(({ activity }) => activity),
    };
  }
}

// Names are text in one line; a table needs no other characters.
function cleanName(text) {
  return text.replace(/[\s,;"]+/g, " ").trim().slice(0, 60);
}

// What spellings of a name share, as har/datasets/own/spellings.py: `har train` refuses two of one.
function folded(name) {
  const text = name.normalize("NFKC").trim().toUpperCase().toLowerCase().replace(/^(\d+)\.0+$/, "$1");
  return text.replace(/[\s_-]+/g, "_").replace(/(^|\D)0+(?=\d)/g, "$1");
}

function quotedCell(text) {
  return /[",\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}

function fileNameOf(date) {
  const digits = date.toISOString().replace(/[-:]/g, "");
  return `motion-${digits.slice(0, 8)}-${digits.slice(9, 15)}.csv`;
}

function download(name, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
