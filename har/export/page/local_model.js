// Answers computed on the phone; har/export/web_page.py describes the interface.

// The first windows take several times as long, until the browser has compiled what they need.
const N_PREPARING = 4;

// Returns the network, made and run on zeros once, before there are samples to be delayed.
function preparedNetwork(form) {
  if (preparedNetwork.form !== form) {
    const network = new Network(form);
    const zeros = new Float32Array(form.n_timesteps * form.n_channels);
    for (let number = 0; number < N_PREPARING; number++) network.predict(zeros);
    Object.assign(preparedNetwork, { form, network });
  }
  return preparedNetwork.network;
}

class Model {
  constructor(settings, onAnswer, onNote) {
    const { network, context, filters } = settings.model;
    this.activities = settings.activities.map(({ name }) => name);
    this.onAnswer = onAnswer;
    this.onNote = onNote;
    this.network = preparedNetwork(network);
    this.context = new ContextFilter(context);
    this.stream = new WindowStream(filters, network, settings.n_raw_channels);
    this.stretch = 0;
  }

  push(samples) {
    for (const sample of samples) this.stream.push(sample).forEach((one) => this.answer(one));
  }

  close() {
    this.stream.finish().forEach((one) => this.answer(one));
  }

  answer({ window, startS, endS, isWarmingUp, stretch }) {
    if (stretch !== this.stretch) {
      this.stretch = stretch;
      this.context.restart();
      this.onNote({ kind: "info", text: "Samples were missing: filters and windows start anew." });
    }
    const shares = this.network.predict(window);
    const inContext = this.context.update(shares);
    const [best, state] = [shares, inContext].map((values) => values.indexOf(Math.max(...values)));
    this.onAnswer({
      start_s: startS,
      end_s: endS,
      activity: this.activities[best],
      probability: shares[best],
      state: this.activities[state],
      state_probability: inContext[state],
      warming_up: isWarmingUp,
      probabilities: Object.fromEntries(this.activities.map((name, a) => [name, shares[a]])),
    });
  }
}
