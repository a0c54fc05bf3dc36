// Answers computed on the phone; har/export/web_page.py describes the interface.

class Model {
  constructor(settings, onAnswer, onNote) {
    this.onAnswer = onAnswer;
    this.onNote = onNote;
  }

  // samples: arrays [t_s, ax, ay, az, gx, gy, gz] in g and rad/s.
  push(samples) {}

  close() {}
}
