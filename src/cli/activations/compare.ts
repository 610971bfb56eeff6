import { availableParallelism } from "node:os";
import { basename, dirname } from "node:path";
import { Command } from "commander";
import { configure, type ExpressionParameters, runtimeInfo } from "../../index.ts";
import { type CellName, type Comparison, compareActivations, type TaskSpec } from "../../laboratory/index.ts";
import { replaceFile } from "../../node/index.ts";
import { requireWritable } from "../files.ts";
import { wholeNumber } from "../options.ts";
import { openDisplay } from "./display.ts";
import { contenderOf, learnedByName, moreEntries, taskOf, valuesByName } from "./lists.ts";
import { comparisonTold } from "./progress.ts";
import { type ReportFacts, renderComparison } from "./report.ts";
import { withWorkers } from "./running.ts";
import { activationOf } from "./shape.ts";
import { type FiledTasks, fileTasks, type TaskFiles } from "./tasks.ts";

/** The options as commander gives them. */
interface CompareOptions extends TaskFiles {
  readonly task?: readonly string[];
  readonly cell?: readonly string[];
  readonly activation?: readonly string[];
  readonly parameter?: Readonly<Record<string, number>>;
  readonly learn?: ExpressionParameters;
  readonly seeds: number;
  readonly budget: number;
  readonly learningRate?: readonly string[];
  readonly json?: string;
  readonly report?: string;
  readonly workers?: number;
  readonly deterministic: boolean;
}

const notes = `
Tasks: adding, copy, digits, characters, each with its options behind it: adding:steps=100:hiddenSize=64. An activation is a
name, or an expression in x. All see the same weights and batches, seed by seed. Scores are means over seeds with a 95 %
confidence interval by Student's t; activations whose intervals overlap share their ranks.

A text of your own wants a target of its own: characters:target=2.2.

Ctrl-C ends it and reports what is over; a second one leaves at once with 130.

Example:
  $ unrolled activations compare --task adding,copy --cell rnn,gru --activation tanh,relu,elu --report activations.html
  $ unrolled activations compare --activation "tanh,x * sigmoid(beta * x)" --learn beta=1
  $ unrolled activations compare --task characters --text book.txt --activation tanh,relu --learning-rate 0.002,0.01`;

/** `unrolled activations compare`: which activation learns best. */
export function compareCommand(): Command {
  const count = wholeNumber(1);
  return new Command("compare")
    .description("train networks that differ in their activation alone, and tell which learn best")
    .option("--task <TASKS>", "what to learn, with commas between (default: adding)", moreEntries)
    .option("--cell <CELLS>", "rnn, lstm, gru, with commas between (default: rnn)", moreEntries)
    .option("--activation <LIST>", "names or expressions, with commas between (default: tanh,relu)", moreEntries)
    .option("--parameter <VALUES>", "of expressions, as in beta=1,alpha=0.5", valuesByName)
    .option("--learn <VALUES>", "parameters of expressions that are learned, and where they start", learnedByName)
    .option("--seeds <N>", "trainings of each combination", count, 5)
    .option("--budget <N>", "training steps of each", count, 1500)
    .option(
      "--learning-rate <RATES>",
      "rates to train with; of several the best counts (default: the task's)",
      moreEntries,
    )
    .option("--text <FILE>", "what characters are read from (default: sentences of a small grammar)")
    .option("--digits <FILE>", "rows of pixels and a digit, with commas between (default: digits that are drawn)")
    .option("--define <MODULE>", "a .js file that calls defineTask of unrolled/laboratory")
    .option("--json <FILE>", "write every trial here")
    .option("--report <FILE>", "write a page with tables, curves and heat maps here")
    .option("--workers <N>", "trainings at a time (default: one for each core)", wholeNumber(1))
    .option("--deterministic", "same bits on every machine, at some cost in speed", false)
    .addHelpText("after", notes)
    .action((options: CompareOptions) => compare(options));
}

async function compare(options: CompareOptions): Promise<void> {
  const { report, json } = options;
  for (const [option, path] of Object.entries({ report, json })) {
    if (path !== undefined) requireWritable(`--${option}`, dirname(path), [basename(path)]);
  }
  if (options.deterministic) configure({ deterministic: true });
  const filed = await fileTasks((options.task ?? ["adding"]).map(taskOf), options);
  const workers = options.workers ?? availableParallelism();
  const started = performance.now();
  const comparison = await run(options, filed, workers);
  const facts: ReportFacts = {
    seconds: (performance.now() - started) / 1000,
    workers,
    build: runtimeInfo().build,
    data: filed.data,
  };
  console.log(String(comparison));
  if (json !== undefined) replaceFile(json, `${JSON.stringify(comparison)}\n`);
  if (report !== undefined) replaceFile(report, renderComparison(comparison, facts));
}

/** Compares until all is done, or Ctrl-C comes. @throws {Failure} when that is before anything is over. */
async function run(options: CompareOptions, filed: FiledTasks, workers: number): Promise<Comparison> {
  const {
    activation = ["tanh", "relu"],
    parameter = {},
    learn = {},
    cell = ["rnn"],
    seeds,
    budget,
    learningRate,
  } = options;
  const contenders = activation.map((text) => contenderOf(text, { ...parameter, ...learn }));
  for (const contender of contenders) activationOf(contender);
  const display = openDisplay(comparisonTold);
  return await withWorkers(
    workers,
    display,
    filed,
    "interrupted before the first training was over",
    (executor, signal) =>
      compareActivations({
        tasks: filed.tasks as TaskSpec[],
        cells: cell as CellName[],
        activations: contenders,
        ...(learningRate && { learningRates: learningRate.map(Number) }),
        seeds,
        budget,
        executor,
        signal,
        onProgress: (progress) => display.over(progress),
      }),
  );
}
