// Runs behind the page's network: says what it makes of windows from standard input, or, if it is
// asked for times, how long each of so many took.
const { readFileSync } = require("fs");

// As often as it takes until Node has compiled what is called often.
const WARM_UP = 50;
const [nTimes, nWindows] = process.argv.slice(2).map(Number);
const network = new Network(JSON.parse(readFileSync("form.json", "utf-8")));
const bytes = readFileSync(0);
const end = bytes.byteOffset + bytes.length;
const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset, end));
const size = values.length / nWindows;
const windows = Array.from({ length: nWindows }, (_, n) => values.slice(size * n, size * (n + 1)));
const answer = { probabilities: [], seconds: [] };
if (!nTimes) answer.probabilities = windows.map((window) => [...network.predict(window)]);
for (let n = -WARM_UP; nTimes && n < nTimes; n++) {
  const window = windows[(n + WARM_UP) % nWindows];
  const started = performance.now();
  network.predict(window);
  if (n >= 0) answer.seconds.push((performance.now() - started) / 1000);
}
console.log(JSON.stringify(answer));
