/** A GRU that reads a series sample by sample and says after each where the next ones lie, with a band. */
import { Adam, arrayDataset, GRU, Linear, Module, mseLoss, noGrad, seed, Trainer, tensor } from "unrolled";

/** Samples that are forecast. */
export const HORIZON = 12;

/** Samples that a stretch of training has, and units. */
const WINDOW = 96;
const HIDDEN = 32;

/** The part of a series that the band is measured on. */
const HELD_OUT = 0.2;

/** Nine in ten of a normal distribution lie within this many standard deviations. */
const NINE_IN_TEN = 1.645;

class Network extends Module {
  gru = new GRU({ inputSize: 1, hiddenSize: HIDDEN });
  head = new Linear({ inputSize: HIDDEN, outputSize: HORIZON });

  forward(x) {
    return this.head.forward(this.gru.forward(x).output);
  }
}

export class Forecaster {
  #network = new Network();
  #scale = { mean: 0, deviation: 1 };
  /** The standard deviation of what was missed, for each sample ahead, of scaled values. */
  #missed = new Float32Array(HORIZON);

  /** What a client begins with. */
  static newState() {
    return new Float32Array(HIDDEN);
  }

  /** Learns from a series, and measures its band on the last fifth of it. */
  async learn(values, { epochs = 6 } = {}) {
    seed(1);
    this.#network = new Network();
    const cut = Math.floor(values.length * (1 - HELD_OUT));
    const known = values.slice(0, cut);
    const mean = known.reduce((sum, value) => sum + value, 0) / cut;
    const deviation = Math.sqrt(known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / cut) || 1;
    this.#scale = { mean, deviation };
    const scaled = Float32Array.from(values, (value) => (value - mean) / deviation);
    const optimizer = new Adam(this.#network.parameters(), { learningRate: 0.005 });
    const trainer = new Trainer({ model: this.#network, loss: mseLoss, optimizer, clipNorm: 1 });
    await trainer.fit(stretchesOf(scaled.subarray(0, cut)), { epochs, batchSize: 16 });
    this.#measure(scaled, cut);
  }

  #measure(scaled, cut) {
    const { length } = scaled;
    const said = noGrad(() => this.#network.forward(tensor(scaled, [length, 1, 1])).toArray());
    for (let ahead = 0; ahead < HORIZON; ahead++) {
      let sum = 0;
      for (let t = cut; t + ahead + 1 < length; t++) sum += (said[t * HORIZON + ahead] - scaled[t + ahead + 1]) ** 2;
      this.#missed[ahead] = Math.sqrt(sum / (length - cut - ahead - 1));
    }
  }

  /**
   * Reads samples on from a state.
   * @returns the state after them, and the forecast: a value, and a band that holds nine in ten.
   */
  read(state, values) {
    const { mean, deviation } = this.#scale;
    const x = Float32Array.from(values, (value) => (value - mean) / deviation);
    return noGrad(() => {
      const { gru, head } = this.#network;
      const before = tensor(state, [1, 1, HIDDEN]);
      const { state: after } = gru.forward(tensor(x, [x.length, 1, 1]), before);
      const said = head.forward(after).toArray();
      const forecast = Array.from({ length: HORIZON }, (_, ahead) => {
        const value = said[ahead] * deviation + mean;
        const reach = NINE_IN_TEN * this.#missed[ahead] * deviation;
        return { ahead: ahead + 1, value, low: value - reach, high: value + reach };
      });
      return { state: after.toArray(), forecast };
    });
  }
}

/** Stretches of the series, and for each sample in them the HORIZON that follow: [N, T, 1] and [N, T, HORIZON]. */
function stretchesOf(scaled) {
  const starts = [];
  for (let at = 0; at + WINDOW + HORIZON <= scaled.length; at += 4) starts.push(at);
  const x = new Float32Array(starts.length * WINDOW);
  const y = new Float32Array(starts.length * WINDOW * HORIZON);
  starts.forEach((start, n) => {
    x.set(scaled.subarray(start, start + WINDOW), n * WINDOW);
    for (let t = 0; t < WINDOW; t++) {
      y.set(scaled.subarray(start + t + 1, start + t + 1 + HORIZON), (n * WINDOW + t) * HORIZON);
    }
  });
  const inputs = tensor(x, [starts.length, WINDOW, 1]);
  return arrayDataset(inputs, tensor(y, [starts.length, WINDOW, HORIZON]), { timeMajor: "both" });
}
