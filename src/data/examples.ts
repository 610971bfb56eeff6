import { DataError, OptionError } from "../runtime/errors.ts";
import { requireCount, requireKnown } from "../runtime/options.ts";
import { collate, lengthOf, type Sequences } from "./collate.ts";
import type { Batch } from "./dataset.ts";
import type { Example } from "./example.ts";
import { type BatchSource, type Pass, passGenerator } from "./source.ts";

/** Pieces of a walk: several examples at a time, since handing over one by one costs more than most work on it. */
export type Chunks<E> = Iterable<readonly E[]> | AsyncIterable<readonly E[]>;

/** What can be walked: an array, anything iterable or async-iterable, or a function that starts a new walk. */
export type Walkable<E> = Iterable<E> | AsyncIterable<E> | ((pass: Pass) => Iterable<E> | AsyncIterable<E>);

export interface BatchOptions {
  /** Examples a batch; default 32. */
  batchSize?: number;
  /** Leave out the last batch of a pass where it is smaller; default false. */
  dropLast?: boolean;
  /**
   * What is a sequence, with time as its first axis: the inputs (the default: [T, B, ...], padded to the longest, with
   * `lengths`), inputs and targets ("both"), or nothing ("none": examples of one shape, stacked on the first axis).
   */
  sequences?: Sequences;
  /** What shorter inputs are filled up with; default 0. */
  inputPadding?: number;
  /** What shorter targets are filled up with; default 0. */
  targetPadding?: number;
  /**
   * Put sequences of like length together: of this many examples at a time (rounded up to whole batches), sorted by length
   * and cut into batches, which come in random order. Default: none. Shuffle before it, so that batches differ each pass.
   */
  bucket?: number;
}

const CHUNK = 1024;
const AWAITED = 32;
const firstPass: Pass = { epoch: 0, seed: 0 };

/**
 * Examples that can be walked any number of times, and need not fit in memory: what is made of them (`map`, `filter`,
 * `shuffle`, `batch` ...) is done while they are walked. Nothing is read before someone walks.
 *
 * ```ts
 * const vocabulary = new CharacterVocabulary("abcdefghijklmnopqrstuvwxyz");
 * const words = Examples.from(["so", "long"]).map((word) => ({ input: vocabulary.encode(word), label: word.length }));
 * const source = words.shuffle({ window: 1000 }).batch({ batchSize: 16 }); // what a Trainer takes
 * source.stepsPerEpoch; // 1
 * ```
 */
export class Examples<E> implements AsyncIterable<E> {
  /** How many there are, where that is known before they are walked. */
  readonly length: number | undefined;
  /** Whether the order is another one each epoch. */
  readonly shuffled: boolean;
  readonly #walk: (pass: Pass) => Chunks<E>;
  /** How many stages are before this one: each draws random numbers of its own. */
  readonly #stage: number;

  private constructor(walk: (pass: Pass) => Chunks<E>, length: number | undefined, stage: number, shuffled = false) {
    this.#walk = walk;
    this.length = length;
    this.shuffled = shuffled;
    this.#stage = stage;
  }

  /**
   * Examples from anything that can be walked. What can be walked only once (a generator, a stream) is given as a function
   * that makes a new one; the function is told epoch and seed, in case the data are made up by chance.
   * @throws {OptionError} when it cannot be walked, or only once.
   */
  static from<E>(source: Walkable<E>): Examples<E> {
    if (source instanceof Examples) return source;
    requireWalkable("Examples", source);
    const start = typeof source === "function" ? source : () => source;
    return new Examples((pass) => chunksOf(start(pass)), Array.isArray(source) ? source.length : undefined, 0);
  }

  /**
   * Examples that come several at a time, as parsers and sensors have them.
   * @param walk starts a new walk: a generator function, mostly.
   * @param length how many there are, if that is known.
   */
  static fromChunks<E>(walk: (pass: Pass) => Chunks<E>, length?: number): Examples<E> {
    if (typeof walk !== "function") throw new OptionError(`Examples: expected a function, got ${typeof walk}`);
    return new Examples(walk, length, 0);
  }

  #then<F>(
    walk: (chunks: Chunks<E>, pass: Pass) => Chunks<F>,
    length: number | undefined,
    shuffled = this.shuffled,
  ): Examples<F> {
    return new Examples((pass) => walk(this.#walk(pass), pass), length, this.#stage + 1, shuffled);
  }

  /** Each example of one walk. */
  async *walk(pass: Pass = firstPass): AsyncGenerator<E, void, undefined> {
    for await (const chunk of this.#walk(pass)) yield* chunk;
  }

  /** The examples of one walk, several at a time: the fast way through many small ones. */
  async *chunks(pass: Pass = firstPass): AsyncGenerator<readonly E[], void, undefined> {
    for await (const chunk of this.#walk(pass)) if (chunk.length > 0) yield chunk;
  }

  /** The first walk: epoch 0, seed 0. */
  [Symbol.asyncIterator](): AsyncGenerator<E, void, undefined> {
    return this.walk();
  }

  /** All examples at once, for those that fit in memory. */
  async toArray(pass: Pass = firstPass): Promise<E[]> {
    const all: E[] = [];
    for await (const chunk of this.#walk(pass)) for (const example of chunk) all.push(example);
    return all;
  }

  /** Something made of each example; where that is a promise, it is awaited before the next one is begun. */
  map<F>(change: (example: E, index: number) => F | Promise<F>): Examples<F> {
    return this.#then((chunks) => mapped(chunks, change), this.length);
  }

  /** Only the examples of which `keep` says true. */
  filter(keep: (example: E, index: number) => boolean): Examples<E> {
    return this.#then(async function* (chunks) {
      let index = 0;
      for await (const chunk of chunks) yield chunk.filter((example) => keep(example, index++));
    }, undefined);
  }

  /** The first `count` examples; the rest is not read. */
  take(count: number): Examples<E> {
    requireCount("take", count);
    return this.#then(
      async function* (chunks) {
        let left = count;
        for await (const chunk of chunks) {
          yield chunk.length <= left ? chunk : chunk.slice(0, left);
          left -= chunk.length;
          if (left <= 0) return;
        }
      },
      this.length === undefined ? undefined : Math.min(count, this.length),
    );
  }

  /** All but the first `count` examples. */
  skip(count: number): Examples<E> {
    requireCount("skip", count);
    return this.#then(
      async function* (chunks) {
        let left = count;
        for await (const chunk of chunks) {
          if (left < chunk.length) yield left > 0 ? chunk.slice(left) : chunk;
          left = Math.max(0, left - chunk.length);
        }
      },
      this.length === undefined ? undefined : Math.max(0, this.length - count),
    );
  }

  /**
   * A random order, another one each epoch: `window` examples are held, one of them at random is given away and the next
   * takes its place. A window as large as the data gives every order with equal chance; a smaller one moves examples that
   * are far apart in the data rarely past each other, so data sorted by class want a large one.
   * @param options `window`: examples held in memory, default 10,000.
   * @throws {OptionError} when the window is not a whole number ≥ 1.
   */
  shuffle(options: { window?: number } = {}): Examples<E> {
    requireKnown("shuffle", options, ["window"]);
    const window = requireCount("shuffle window", options.window ?? 10_000);
    const stage = this.#stage;
    return this.#then((chunks, pass) => inRandomOrder(chunks, pass, stage, window), this.length, true);
  }

  /**
   * Batches to learn from. Small in memory: no more than a batch, or a bucket, is held.
   * @throws {OptionError} when an option is unknown or out of range; while they are walked {DataError} when there is no
   *   example, or one does not fit those before it.
   */
  batch(this: Examples<Example>, options: BatchOptions = {}): BatchSource {
    const plan = planOf(options);
    const { length } = this;
    const steps = length === undefined ? undefined : length / plan.batchSize;
    return {
      batches: (pass) => batches(this.chunks(pass), pass, this.#stage, plan),
      ...(steps === undefined ? {} : { stepsPerEpoch: plan.dropLast ? Math.floor(steps) : Math.ceil(steps) }),
    };
  }
}

/** @throws {OptionError} unless it can be walked, and more than once. */
function requireWalkable(what: string, source: unknown): void {
  if (typeof source === "function") return;
  const object = Object(source) as object;
  if (!(Symbol.iterator in object) && !(Symbol.asyncIterator in object)) {
    throw new OptionError(`${what}: expected something iterable or a function that gives it, got ${typeof source}`);
  }
  // An iterator has `next`, a stream of the web `getReader`, one of Node `pipe`: none of them begins anew.
  if (["next", "getReader", "pipe"].some((name) => name in object)) {
    throw new OptionError(
      `${what}: expected what can be walked more than once, got a generator or stream; give () => it`,
    );
  }
}

async function* chunksOf<E>(source: Iterable<E> | AsyncIterable<E>): AsyncGenerator<readonly E[]> {
  if (Array.isArray(source)) {
    for (let start = 0; start < source.length; start += CHUNK) yield source.slice(start, start + CHUNK);
    return;
  }
  let chunk: E[] = [];
  for await (const example of source) {
    chunk.push(example);
    if (chunk.length < CHUNK) continue;
    yield chunk;
    chunk = [];
  }
  yield chunk;
}

async function* mapped<E, F>(chunks: Chunks<E>, change: (example: E, index: number) => F | Promise<F>) {
  let index = 0;
  for await (const chunk of chunks) {
    let out: F[] = [];
    for (const example of chunk) {
      const made = change(example, index++);
      out.push(made instanceof Promise ? await made : made);
      // What is awaited is read from somewhere and large, mostly: no more of it is held than needed.
      if (!(made instanceof Promise) || out.length < AWAITED) continue;
      yield out;
      out = [];
    }
    yield out;
  }
}

async function* inRandomOrder<E>(chunks: Chunks<E>, pass: Pass, stage: number, window: number) {
  const generator = passGenerator(pass, stage);
  const held: E[] = [];
  for await (const chunk of chunks) {
    const out: E[] = [];
    for (const example of chunk) {
      if (held.length < window) {
        held.push(example);
        continue;
      }
      const at = generator.below(window);
      out.push(held[at] as E);
      held[at] = example;
    }
    yield out;
  }
  const order = generator.permutation(held.length);
  for (let start = 0; start < held.length; start += CHUNK) {
    yield Array.from(order.subarray(start, start + CHUNK), (at) => held[at] as E);
  }
}

type Plan = Required<Omit<BatchOptions, "bucket">> & { readonly bucket: number | undefined };

function planOf(options: BatchOptions): Plan {
  const known = ["batchSize", "dropLast", "sequences", "inputPadding", "targetPadding", "bucket"];
  requireKnown("batch", options, known);
  const { dropLast = false, sequences = "input", inputPadding = 0, targetPadding = 0, bucket } = options;
  const batchSize = requireCount("batchSize", options.batchSize ?? 32);
  if (!["input", "both", "none"].includes(sequences)) {
    throw new OptionError(`batch sequences: expected "input", "both" or "none", got ${JSON.stringify(sequences)}`);
  }
  for (const [name, value] of Object.entries({ inputPadding, targetPadding })) {
    if (typeof value !== "number") throw new OptionError(`batch ${name}: expected a number, got ${typeof value}`);
  }
  if (bucket === undefined) return { batchSize, dropLast, sequences, inputPadding, targetPadding, bucket };
  if (sequences === "none") throw new OptionError("batch bucket: expected sequences, whose lengths it goes by");
  const whole = Math.ceil(requireCount("batch bucket", bucket) / batchSize) * batchSize;
  return { batchSize, dropLast, sequences, inputPadding, targetPadding, bucket: whole };
}

/** Cuts a walk into batches, in the order of the walk or by length within buckets. */
async function* batches(
  chunks: AsyncIterable<readonly Example[]>,
  pass: Pass,
  stage: number,
  plan: Plan,
): AsyncGenerator<Batch, void, undefined> {
  const generator = plan.bucket === undefined ? null : passGenerator(pass, stage);
  const size = plan.bucket ?? plan.batchSize;
  let held: Example[] = [];
  let first = 0;
  const cut = function* (): Generator<Batch> {
    if (!generator) {
      const whole = held.length === plan.batchSize || !plan.dropLast;
      if (whole) yield collate(held, { ...plan, numberOf: (b) => first + b });
    } else {
      const groups = groupsByLength(held, first, plan.batchSize);
      for (const at of generator.permutation(groups.length)) {
        const group = groups[at] as Int32Array;
        if (plan.dropLast && group.length < plan.batchSize) continue;
        const examples = Array.from(group, (i) => held[i] as Example);
        yield collate(examples, { ...plan, numberOf: (b) => first + (group[b] as number) });
      }
    }
    first += held.length;
    held = [];
  };
  for await (const chunk of chunks) {
    for (const example of chunk) {
      held.push(example);
      if (held.length === size) yield* cut();
    }
  }
  if (held.length > 0) yield* cut();
  if (first === 0) throw new DataError("batch: expected at least one example, got none");
}

/** The numbers within the bucket of examples sorted by length, those of one length as they came, in groups of `size`. */
function groupsByLength(examples: readonly Example[], first: number, size: number): Int32Array[] {
  const lengths = examples.map((example, i) => lengthOf(example, first + i));
  const order = Int32Array.from(examples, (_, i) => i).sort((a, b) => (lengths[a] as number) - (lengths[b] as number));
  return Array.from({ length: Math.ceil(order.length / size) }, (_, g) => order.subarray(g * size, (g + 1) * size));
}
