/** A GRU that expects each row of a table of sensors from those before it; what it does not expect is an anomaly. */
import { Adam, arrayDataset, GRU, huberLoss, Linear, Sequential, seed, Trainer, tensor } from "unrolled";
import { DataError, decodeSafetensors } from "unrolled/io";

const WINDOW = 64;
const HIDDEN = 24;

/** Fewer rows than this say nothing of what is usual. */
export const LEAST_ROWS = 4 * WINDOW;

/** The part of the rows to learn from on which misses are measured. */
const HELD_OUT = 0.3;

/** Rows that a stream reads before it judges. */
const WARM_UP = 16;

/** A median absolute deviation is this part of a standard deviation, of a normal distribution. */
const MAD = 0.6745;

export class Detector {
  #columns;
  #model;
  /** For each column: mean and deviation, and the middle and the spread of what is missed. */
  #scales;

  constructor(columns, scales) {
    this.#columns = columns;
    this.#scales = scales;
    const size = columns.length;
    this.#model = new Sequential(
      new GRU({ inputSize: size, hiddenSize: HIDDEN }),
      new Linear({ inputSize: HIDDEN, outputSize: size }),
    );
  }

  get columns() {
    return this.#columns;
  }

  /**
   * A detector that has learned what is usual from rows of numbers.
   * @throws {DataError} when there are too few.
   */
  static async learn(columns, rows, { epochs = 20 } = {}) {
    if (rows.length < LEAST_ROWS) throw new DataError(`expected ${LEAST_ROWS} rows to learn from, got ${rows.length}`);
    seed(1);
    const scales = columns.map((_, i) => scaleOf(rows.map((row) => row[i])));
    const detector = new Detector(columns, scales);
    const scaled = rows.map((row) => detector.#scaled(row));
    const cut = Math.floor(rows.length * (1 - HELD_OUT));
    const optimizer = new Adam(detector.#model.parameters(), { learningRate: 0.005 });
    const trainer = new Trainer({ model: detector.#model, loss: huberLoss, optimizer, clipNorm: 1 });
    await trainer.fit(stretchesOf(scaled.slice(0, cut)), { epochs, batchSize: 16 });
    detector.#measure(scaled, cut);
    return detector;
  }

  #scaled(row) {
    return Float32Array.from(row, (value, i) => (value - this.#scales[i].mean) / this.#scales[i].deviation);
  }

  /** How far it misses rows that it has not learned from: middle and spread, whatever a few of them do. */
  #measure(scaled, cut) {
    const stream = this.#model.stream();
    const misses = this.#columns.map(() => []);
    let expected;
    scaled.forEach((row, t) => {
      if (expected && t >= cut) for (const [i, value] of row.entries()) misses[i].push(value - expected[i]);
      expected = Float32Array.from(stream.push(row));
    });
    misses.forEach((missed, i) => {
      const middle = medianOf(missed);
      const spread = medianOf(missed.map((value) => Math.abs(value - middle))) / MAD || 1e-6;
      Object.assign(this.#scales[i], { middle, spread });
    });
  }

  /**
   * Judges rows in their order, in memory that does not grow.
   * @param threshold spreads that a value may be missed by.
   * @returns a function from a row to its verdict; a value that is missing (NaN) is taken as expected.
   */
  watch({ threshold = 8 } = {}) {
    const stream = this.#model.stream();
    let expected = new Float32Array(this.#columns.length);
    let seen = 0;
    return (row) => {
      const scaled = this.#scaled(row).map((value, i) => (Number.isNaN(value) ? expected[i] : value));
      let [score, column] = [0, 0];
      scaled.forEach((value, i) => {
        const { middle, spread } = this.#scales[i];
        const far = Math.abs(value - expected[i] - middle) / spread;
        if (!Number.isNaN(row[i]) && far > score) [score, column] = [far, i];
      });
      const warm = seen++ >= WARM_UP;
      const { mean, deviation } = this.#scales[column];
      const verdict = {
        anomaly: warm && score > threshold,
        score: warm ? score : 0,
        column: this.#columns[column],
        value: row[column],
        expected: expected[column] * deviation + mean,
      };
      // What is far out would unsettle what is expected next: the network is told what it may have been.
      const told = verdict.anomaly ? expected.slice() : scaled;
      expected = Float32Array.from(stream.push(told));
      return verdict;
    };
  }

  save() {
    return this.#model.save({ columns: JSON.stringify(this.#columns), scales: JSON.stringify(this.#scales) });
  }

  /** @throws {DataError} when it is no detector's; {WeightsError} when the file is damaged. */
  static load(bytes) {
    const { columns, scales } = decodeSafetensors(bytes).metadata;
    if (columns === undefined || scales === undefined) throw new DataError("expected a file that --save has written");
    const detector = new Detector(JSON.parse(columns), JSON.parse(scales));
    detector.#model.load(bytes);
    return detector;
  }
}

function scaleOf(values) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, deviation: Math.sqrt(variance) || 1, middle: 0, spread: 1 };
}

function medianOf(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** Stretches of rows, and for each row in them the one that follows; [N, T, columns]. */
function stretchesOf(scaled) {
  const starts = [];
  for (let at = 0; at + WINDOW < scaled.length; at += 8) starts.push(at);
  const width = scaled[0].length;
  const rowsFrom = (shift) =>
    tensor(
      Float32Array.from(
        starts.flatMap((start) => scaled.slice(start + shift, start + shift + WINDOW).flatMap((row) => [...row])),
      ),
      [starts.length, WINDOW, width],
    );
  return arrayDataset(rowsFrom(0), rowsFrom(1), { timeMajor: "both" });
}
