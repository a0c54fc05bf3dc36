// The page: sensors to the model, answers to the view, taps to the recorder.

class App {
  constructor(settings) {
    this.settings = settings;
    this.view = new View(settings);
    this.recorder = new Recorder();
    this.find = this.view.find;
    this.isRunning = false;
    this.isTeaching = false;
    this.fileName = null;
    this.onNote = (note) => this.view.note(note);
    this.find("reversed").checked = isApplePhone(navigator);
    this.onForget = (key) => this.view.forget(key);
    this.sensors = new MotionSensors((sample) => this.take(sample), this.onNote, this.onForget, false);
    this.on("start", "click", () => (this.isRunning ? this.stop() : this.start()));
    this.on("wearing", "change", () => this.isRunning && this.restartModel());
    this.on("reversed", "change", () => this.isRunning && this.restartModel());
    this.on("record", "click", () => this.toggleRecording());
    this.on("discard", "click", () => this.discard());
    this.on("add-label", "click", () => this.addLabel());
    this.on("save", "click", () => {
      this.fileName = fileNameOf(new Date());
      download(this.fileName, this.recorder.csv());
      this.find("save-table").disabled = false;
    });
    this.on("save-table", "click", () => download(TABLE, this.recorder.table(this.fileName)));
    if (settings.can_teach) this.on("teach", "click", () => this.teach());
    this.showRecordable();
    settings.activities.forEach(({ name, label }) => this.addButton(name, label));
    window.addEventListener("beforeunload", (event) => {
      if (this.recorder.rows.length && !this.fileName) event.preventDefault();
    });
    document.addEventListener("visibilitychange", () => this.keepAwake());
  }

  on(id, kind, act) {
    this.find(id).addEventListener(kind, act);
  }

  async start() {
    // A second tap while the phone asks must not start it twice.
    this.find("start").disabled = true;
    this.isRunning = await this.sensors.request();
    this.find("start").disabled = false;
    if (!this.isRunning) return;
    this.view.restart();
    this.view.waiting("The first answer comes after 2.6 s.");
    this.restartModel();
    this.sensors.start();
    this.keepAwake();
    this.setRunning("start", "Stop", true);
    this.showTeachable();
  }

  stop() {
    this.isRunning = false;
    this.sensors.stop();
    this.model.close();
    this.model = null;
    this.keepAwake();
    if (this.recorder.isOn) this.toggleRecording();
    this.view.stopped();
    this.setRunning("start", "Start", false);
    this.showRecordable();
    this.showTeachable();
  }

  setRunning(id, text, isRunning) {
    this.find(id).textContent = text;
    this.find(id).classList.toggle("running", isRunning);
  }

  // Filters and windows must start anew when axes turn or signs change.
  restartModel() {
    // What was doubted was acted on, or is found again.
    this.view.forget("wearing");
    this.sensors.restartSigns(this.find("reversed").checked);
    this.wearing = new Wearing(
      this.settings.gravity, this.find("wearing").value, this.onNote, () => this.newModel());
    this.newModel();
  }

  // A recording has the same axes from its first sample on.
  showRecordable() {
    const isKnown = this.isRunning && (this.wearing.choice !== "auto" || this.wearing.isMeasured);
    this.find("record").disabled = !isKnown;
    this.find("wearing").disabled = this.recorder.isOn || !this.settings.gravity;
    this.find("reversed").disabled = this.recorder.isOn;
  }

  newModel() {
    this.showRecordable();
    if (this.model) this.model.close();
    // A model that was closed has no more to say here.
    const model = new Model(
      this.settings,
      (answer) => this.model === model && this.view.answer(answer),
      (note) => this.model === model && this.view.note(note),
    );
    this.model = model;
  }

  take(sample) {
    const length = 1 + this.settings.n_raw_channels;
    if (sample.length < length) {
      this.view.note({ kind: "error", text: "This phone has no gyroscope, which the network needs." });
      return;
    }
    const turned = this.wearing.of(sample);
    this.model.push([turned.slice(0, length)]);
    this.recorder.push(turned);
    this.view.push(turned);
    if (this.recorder.isOn && this.recorder.rows.length % 50 === 0) this.showRecorded();
  }

  // Motion comes only while the page is seen, so the screen must not go dark.
  async keepAwake() {
    if (!navigator.wakeLock) return;
    try {
      if (this.isRunning && document.visibilityState === "visible") {
        const lock = await navigator.wakeLock.request("screen");
        // Stopped while it was asked for, or another request came before.
        if (!this.isRunning || (this.lock && !this.lock.released)) await lock.release();
        else this.lock = lock;
      } else if (this.lock) await this.lock.release();
    } catch {
      // Low battery: the screen goes dark as it always does.
    }
  }

  toggleRecording() {
    const { recorder } = this;
    const person = recorder.spelling(cleanName(this.find("person").value));
    if (recorder.isOn) recorder.stop();
    else if (person) {
      this.find("person").value = person;
      recorder.start(person);
      this.forgetFile();
    }
    this.showRecordable();
    this.find("person").disabled = recorder.isOn;
    this.find("labels").disabled = !recorder.isOn;
    this.setRunning("record", recorder.isOn ? "Stop recording" : "Record", recorder.isOn);
    this.press("");
    this.showRecorded();
    if (!recorder.isOn && !person) this.find("recorded").textContent = "Name the person first.";
  }

  // What was saved has other samples than the page.
  forgetFile() {
    this.fileName = null;
    this.find("save-table").disabled = true;
  }

  discard() {
    const { rows, begins, subject } = this.recorder;
    const [first, last] = [rows[begins.at(-1)], rows.at(-1)];
    const lasted = first ? duration(last.sample[0] - first.sample[0]) : "0 s";
    if (!window.confirm(`Discard the last recording, of ${subject}, ${lasted}?`)) return;
    this.recorder.discard();
    this.forgetFile();
    this.showRecorded();
  }

  addLabel() {
    const name = cleanName(this.find("new-label").value);
    if (!name) return;
    this.find("new-label").value = "";
    const same = [...this.find("label-buttons").children].find(({ value, textContent }) =>
      [value, textContent].some((known) => folded(known) === folded(name)));
    if (!same) this.addButton(name, name);
    this.press(same ? same.value : name);
  }

  addButton(name, label) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", value: name, textContent: label });
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", () => this.press(this.recorder.label === name ? "" : name));
    this.find("label-buttons").append(button);
  }

  press(name) {
    this.recorder.label = name;
    for (const button of this.find("label-buttons").children) {
      button.setAttribute("aria-pressed", String(Boolean(name) && button.value === name));
    }
  }

  showRecorded() {
    const lines = [...this.recorder.seconds].map(([what, seconds]) => `${what}: ${duration(seconds)}`);
    const hasRows = this.recorder.rows.length > 0;
    this.find("recorded").textContent = lines.join("\n")
      || (hasRows ? "Recording. Tap what the person does." : "Nothing recorded.");
    this.find("save").disabled = !hasRows || this.recorder.isOn;
    this.find("discard").disabled = !this.recorder.begins.length || this.recorder.isOn;
    this.showTeachable();
  }

  showTeachable() {
    if (!this.settings.can_teach) return;
    const button = this.find("teach");
    button.textContent = this.isTeaching ? "Teaching…" : "Teach me";
    button.disabled = this.isTeaching || !this.isRunning || !this.recorder.seconds.size;
  }

  async teach() {
    this.isTeaching = true;
    this.showTeachable();
    this.find("taught").textContent = "Teaching…";
    try {
      const { words, activities } = await this.model.teach(this.recorder.recording());
      this.view.learn(activities);
      this.find("taught").textContent = words;
    } catch (error) {
      this.find("taught").textContent = `Nothing was learned: ${error.message}`;
    }
    this.isTeaching = false;
    this.showTeachable();
  }
}

const app = new App(JSON.parse(document.getElementById("settings").textContent));
