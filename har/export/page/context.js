// The activity in context: each window judged with those before it, as har/inference/context.py.

class ContextFilter {
  constructor({ transitions, weight }) {
    this.weight = weight;
    this.logTransitions = transitions.map((row) => row.map(Math.log));
    this.restart();
  }

  restart() {
    this.newest = null;
  }

  // Returns the probability of each activity, given all windows so far.
  update(probabilities) {
    const logarithms = [...probabilities].map((value) => Math.log(Math.max(value, 2 ** -1022)));
    const largest = Math.max(...logarithms);
    const evidence = logarithms.map((value) => this.weight * (value - largest));
    const before = this.newest;
    const sums = before === null ? evidence : evidence.map((value, after) =>
      value + logSum(before.map((course, from) => course + this.logTransitions[from][after])));
    const top = Math.max(...sums);
    this.newest = sums.map((value) => value - top);
    return softmax(this.newest);
  }
}

function logSum(values) {
  const largest = Math.max(...values);
  if (largest === -Infinity) return largest;
  return largest + Math.log(values.reduce((sum, value) => sum + Math.exp(value - largest), 0));
}
