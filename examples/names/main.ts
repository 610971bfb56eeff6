/**
 * Which language is a surname from? The two networks of the name-classification tutorial, side by side: one with a
 * linear hidden layer, one with a sigmoid.
 *
 *     npm run example:names
 *     npm run example:names -- --hidden-activation sigmoid
 *     npm run example:names -- --predict "Satoshi,O'Neal"
 */
import { parseArgs } from "node:util";
import { Generator, seed } from "unrolled";
import { findNames, holdOut, LETTERS, type Names, readNames, type Split, toAscii } from "./names.ts";
import { LinearNetwork, type NameNetwork, SigmoidNetwork } from "./networks.ts";
import { confusionTable, percent, reportLine } from "./table.ts";
import { askAll, askAtRandom, CLIP_NORM, predict, TUTORIAL, train } from "./training.ts";

const NETWORKS = { none: LinearNetwork, sigmoid: SigmoidNetwork } as const;
type HiddenActivation = keyof typeof NETWORKS;

const HELP = `Learns to tell from a surname which of 18 languages it is from.

  --hidden-activation none|sigmoid   train one network only (default: both, and compare)
  --clip-norm N                      longest gradient (default ${CLIP_NORM}; 0 is the tutorial's own way: no limit, and at times
                                     the linear network's loss explodes)
  --iterations N                     names to learn from (default ${TUTORIAL.iterations})
  --predict NAMES                    surnames to ask for, with commas between
  --seed N                           of weights, order and held-out names (default 1)
  --data FOLDER                      where Arabic.txt … Vietnamese.txt are (default: $UNROLLED_DATA/text/names/names,
                                     or ../shared/data/text/names/names)`;

interface Settings {
  readonly kinds: readonly HiddenActivation[];
  readonly iterations: number;
  readonly clipNorm: number;
  readonly seed: number;
  readonly asked: readonly string[];
  readonly data: string | undefined;
}

interface Result {
  readonly kind: HiddenActivation;
  readonly network: NameNetwork;
  readonly loss: number;
  readonly random: number;
  readonly heldOut: number;
  readonly balanced: number;
  readonly seconds: number;
}

function say(...lines: string[]): void {
  process.stdout.write(`${lines.join("\n")}\n`);
}

/** @throws {Error} in one line, when an option is not as it should be. */
function readSettings(): Settings | null {
  const { values } = parseArgs({
    options: {
      "hidden-activation": { type: "string" },
      iterations: { type: "string" },
      "clip-norm": { type: "string" },
      predict: { type: "string" },
      seed: { type: "string" },
      data: { type: "string" },
      help: { type: "boolean" },
    },
  });
  if (values.help) return null;
  const kind = values["hidden-activation"];
  if (kind !== undefined && !Object.hasOwn(NETWORKS, kind)) {
    throw new Error(`--hidden-activation: expected none or sigmoid, got ${kind}`);
  }
  return {
    kinds: kind === undefined ? ["none", "sigmoid"] : [kind as HiddenActivation],
    iterations: wholeNumber("--iterations", values.iterations, TUTORIAL.iterations, 1),
    clipNorm: wholeNumber("--clip-norm", values["clip-norm"], CLIP_NORM, 0),
    seed: wholeNumber("--seed", values.seed, 1, 0),
    asked: (values.predict ?? "Satoshi,O'Neal,Dovesky,Jackson,Nguyen").split(",").map((name) => name.trim()),
    data: values.data,
  };
}

function wholeNumber(option: string, given: string | undefined, otherwise: number, least: number): number {
  const value = given === undefined ? otherwise : Number(given);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new Error(`${option}: expected a whole number ≥ ${least}, got ${given}`);
}

/** 1. The data. */
function prepareData(settings: Settings): Split {
  const folder = findNames(settings.data);
  const all = readNames(folder);
  const split = holdOut(all, new Generator(settings.seed));
  const count = ({ names }: Names): number => names.reduce((sum, list) => sum + list.length, 0);
  say(
    `${count(all)} names of ${all.languages.length} languages in ${folder}`,
    `${count(split.training)} to learn from; ${count(split.heldOut)} held out: one distinct spelling in ten of each language, in no training list`,
  );
  return split;
}

/** 2. The network, 3. its training, 4. how well it does. */
function trainAndMeasure(kind: HiddenActivation, { training, heldOut }: Split, settings: Settings): Result {
  const { iterations, clipNorm } = settings;
  seed(settings.seed);
  const network = new NETWORKS[kind]({
    inputSize: LETTERS.length,
    hiddenSize: TUTORIAL.hiddenSize,
    outputSize: training.languages.length,
  });
  const clipping = clipNorm > 0 ? `gradients clipped at ${clipNorm} (the tutorial: not at all)` : "no clipping";
  say("", `Hidden activation: ${kind}. ${iterations} names, learning rate ${TUTORIAL.learningRate}, ${clipping}`);

  const generator = new Generator(settings.seed + 1);
  const started = performance.now();
  const seconds = (): number => (performance.now() - started) / 1000;
  const losses = train(network, training, {
    iterations,
    clipNorm,
    printEvery: Math.min(TUTORIAL.printEvery, iterations),
    generator,
    onReport: (report) => say(reportLine(training, report, iterations, seconds())),
  });
  const took = seconds();

  const random = askAtRandom(network, training, generator);
  const unseen = askAll(network, heldOut);
  say(
    "",
    "In a hundred names of each language, drawn as in the training, how many were taken for which:",
    confusionTable(training, random),
    "",
    `random examples (the tutorial's measure): ${percent(random.accuracy)} of ${random.total}`,
    `held-out names: ${percent(unseen.accuracy)} of ${unseen.total}; mean over the languages ${percent(unseen.balancedAccuracy)}`,
  );
  return {
    kind,
    network,
    loss: losses.at(-1) as number,
    random: random.accuracy,
    heldOut: unseen.accuracy,
    balanced: unseen.balancedAccuracy,
    seconds: took,
  };
}

/** 5. Names of your own. */
function answer({ network, kind }: Result, { languages }: Names, asked: readonly string[]): void {
  say("", `Hidden activation ${kind} says:`);
  for (const typed of asked) {
    const name = toAscii(typed);
    const guesses = name === "" ? [] : predict(network, name);
    const said = guesses.map(({ language, probability }) => `${languages[language]} ${percent(probability)}`);
    say(`  ${typed} → ${said.join(", ") || "no letter it knows"}`);
  }
}

/** 6. The two beside each other. */
function compare(results: readonly Result[]): void {
  const row = (cells: readonly string[]): string => cells.map((text) => text.padStart(16)).join("");
  say(
    "",
    row(["hidden", "last loss", "random examples", "held out", "mean of lang.", "seconds"]),
    ...results.map(({ kind, loss, random, heldOut, balanced, seconds }) =>
      row([kind, loss.toFixed(4), percent(random), percent(heldOut), percent(balanced), seconds.toFixed(1)]),
    ),
  );
}

function main(): void {
  const settings = readSettings();
  if (!settings) {
    say(HELP);
    return;
  }
  const split = prepareData(settings);
  const results = settings.kinds.map((kind) => trainAndMeasure(kind, split, settings));
  for (const result of results) answer(result, split.training, settings.asked);
  if (results.length > 1) compare(results);
}

try {
  main();
} catch (error) {
  process.stderr.write(`names: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
