/**
 * What every host runs, in plain JavaScript and from the package alone: three networks are trained, the same sequence is
 * streamed and computed at once, and the SHA-256 of all weights is told. Every number comes from whole ones below or from the
 * library's own generator, so that a host with another `Math.exp` gives the same bits.
 */
import {
  Adam,
  clipGradNorm,
  configure,
  crossEntropy,
  Dropout,
  Embedding,
  GRU,
  Linear,
  LSTM,
  noGrad,
  RNN,
  runtimeInfo,
  Sequential,
  seed,
  tensor,
  threadsReady,
} from "unrolled";

const STEPS = 200;
const SYMBOLS = 23;
const TIME = 20;
const BATCH = 16;

const layers = { lstm: LSTM, gru: GRU, elman: RNN };

/** The next of a sequence of whole numbers that repeats only after 2³¹ of them (an ANSI C generator). */
function next(state) {
  return (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
}

/** T·B symbols; each mostly follows from the one before it, so that there is something to learn. */
function drawBatch(state) {
  const input = new Int32Array(TIME * BATCH);
  const target = new Int32Array(TIME * BATCH);
  for (let b = 0; b < BATCH; b++) {
    state = next(state);
    let symbol = (state >>> 16) % SYMBOLS;
    for (let t = 0; t < TIME; t++) {
      input[t * BATCH + b] = symbol;
      state = next(state);
      symbol = (state >>> 16) % 5 === 0 ? (state >>> 20) % SYMBOLS : (symbol * 7 + 3) % SYMBOLS;
      target[t * BATCH + b] = symbol;
    }
  }
  return { state, input: tensor(input, [TIME, BATCH]), target: tensor(target, [TIME, BATCH]) };
}

async function digestOf(bytes) {
  const hash = await crypto.subtle.digest("SHA-256", bytes);
  return [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Trains a network with dropout, clipping and Adam. */
async function train(name) {
  seed(2026);
  const model = new Sequential(
    new Embedding({ count: SYMBOLS, size: 32 }),
    new layers[name]({ inputSize: 32, hiddenSize: 64, layers: 2, dropout: 0.1 }),
    new Dropout({ probability: 0.1 }),
    new Linear({ inputSize: 64, outputSize: SYMBOLS }),
  );
  const optimizer = new Adam(model.parameters(), { learningRate: 0.003 });
  const losses = [];
  let state = 1;
  for (let step = 0; step < STEPS; step++) {
    const batch = drawBatch(state);
    state = batch.state;
    optimizer.zeroGrad();
    const loss = crossEntropy(model.forward(batch.input), batch.target);
    loss.backward();
    clipGradNorm(model.parameters(), 0.25);
    losses.push(loss.item());
    optimizer.step();
  }
  const [first, last] = [losses[0], losses.at(-1)];
  return { hash: await digestOf(model.save()), first, last, streamed: streamsAlike(model, drawBatch(7).input) };
}

/** Whether a sample at a time gives what the whole sequence gives. */
function streamsAlike(model, input) {
  model.eval();
  const one = Int32Array.from({ length: TIME }, (_, t) => input.toArray()[t * BATCH]);
  const whole = noGrad(() => model.forward(tensor(one, [TIME, 1])).toArray());
  const stream = model.stream();
  const width = whole.length / TIME;
  return [...one].every((symbol, t) => {
    const row = stream.push(symbol);
    return row.every((value, i) => Math.abs(value - whole[t * width + i]) <= 1e-4);
  });
}

/**
 * @param threads how many are asked for; where the host has none to give, one computes.
 * @returns what `check` in outcome.ts looks at.
 */
export async function run({ threads = 1 } = {}) {
  configure({ deterministic: true, threads });
  const ready = await threadsReady();
  const networks = {};
  for (const name of Object.keys(layers)) networks[name] = await train(name);
  return { build: runtimeInfo().build, asked: threads, threads: ready, networks };
}

/** With one thread and with two. */
export async function runAll() {
  return [await run({ threads: 1 }), await run({ threads: 2 })];
}
