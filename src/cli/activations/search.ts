import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { configure, type ExpressionParameters, runtimeInfo } from "../../index.ts";
import {
  type CellName,
  type SearchProgress,
  type SearchResult,
  searchActivation,
  type TaskSpec,
} from "../../laboratory/index.ts";
import { replaceFile, searchLog } from "../../node/index.ts";
import { Failure } from "../failure.ts";
import { requireWritable } from "../files.ts";
import { wholeNumber } from "../options.ts";
import { openDisplay } from "./display.ts";
import { contenderOf, learnedByName, taskOf, valuesByName } from "./lists.ts";
import { searchTold } from "./progress.ts";
import { withWorkers } from "./running.ts";
import { renderSearch } from "./searchReport.ts";
import { activationOf } from "./shape.ts";
import { type FiledTasks, fileTasks, type TaskFiles } from "./tasks.ts";

interface SearchCommandOptions extends TaskFiles {
  readonly task: TaskSpec;
  readonly cell: string;
  readonly minutes?: number;
  readonly steps?: number;
  readonly seed: number;
  readonly trialSteps: number;
  readonly reference: string;
  readonly parameter?: Readonly<Record<string, number>>;
  readonly learn?: ExpressionParameters;
  readonly out: string;
  readonly workers?: number;
  readonly deterministic: boolean;
}

const notes = `
Functions are made of others (Ramachandran et al. 2017) and bred: of each generation all are trained a little, the better ones
for longer. At the end the best are trained with seeds that the search has not seen, beside the reference, and only what
these say counts, whichever way it comes out.

DIR gets search.jsonl (every training, as soon as it is over), search.json and search.html. The same command goes on where an
earlier one was, also after Ctrl-C or a crash, and counts the time that it has had.

Example:
  $ unrolled activations search --task characters --cell rnn --minutes 10 --out found`;

const MINUTES = 10;

/** `unrolled activations search`: looks for an activation that learns better. */
export function searchCommand(): Command {
  const count = wholeNumber(1);
  return new Command("search")
    .description("look for an activation with which networks learn better, and confirm it with fresh seeds")
    .option("--task <TASK>", "what to learn, as in adding:steps=100:hiddenSize=64", taskOf, { name: "characters" })
    .option("--cell <CELL>", "rnn, lstm, or gru", "rnn")
    .option("--minutes <N>", `what it may take (default: ${MINUTES})`, minutesOf)
    .option("--steps <N>", "what it may take in training steps, instead of minutes", count)
    .option("--seed <N>", "of the search: the same seed gives the same search", wholeNumber(0), 1)
    .option("--trial-steps <N>", "training steps of full length", count, 600)
    .option("--reference <NAME|EXPRESSION>", "what the best are compared with", "tanh")
    .option("--parameter <VALUES>", "of the reference, as in beta=1", valuesByName)
    .option("--learn <VALUES>", "parameters of the reference that are learned, and where they start", learnedByName)
    .option("--text <FILE>", "what characters are read from (default: sentences of a small grammar)")
    .option("--digits <FILE>", "rows of pixels and a digit, with commas between (default: digits that are drawn)")
    .option("--define <MODULE>", "a .js file that calls defineTask of unrolled/laboratory")
    .option("--out <DIR>", "where log, result and page go", "activation-search")
    .option("--workers <N>", "trainings at a time (default: one for each core)", count)
    .option("--deterministic", "same bits on every machine, at some cost in speed", false)
    .addHelpText("after", notes)
    .action((options: SearchCommandOptions) => search(options));
}

function minutesOf(text: string): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (!(value > 0 && value < Number.POSITIVE_INFINITY)) {
    throw new InvalidArgumentError(`expected a number of minutes > 0, got ${JSON.stringify(text)}`);
  }
  return value;
}

async function search(options: SearchCommandOptions): Promise<void> {
  const { out, minutes, steps } = options;
  if (minutes !== undefined && steps !== undefined) throw new Failure("expected --minutes or --steps, got both");
  requireWritable("--out", out, ["search.jsonl", "search.json", "search.html"]);
  if (options.deterministic) configure({ deterministic: true });
  const filed = await fileTasks([options.task], options);
  const workers = options.workers ?? availableParallelism();
  const result = await run(options, filed, workers);
  console.log(String(result));
  replaceFile(join(out, "search.json"), `${JSON.stringify(result)}\n`);
  replaceFile(
    join(out, "search.html"),
    renderSearch(result, { workers, build: runtimeInfo().build, data: filed.data }),
  );
  if (!result.facts.complete) console.error(`${out}: the same command goes on where this one was`);
}

async function run(options: SearchCommandOptions, filed: FiledTasks, workers: number): Promise<SearchResult> {
  const { cell, minutes = MINUTES, steps, seed, trialSteps, out, parameter = {}, learn = {} } = options;
  const reference = contenderOf(options.reference, { ...parameter, ...learn });
  activationOf(reference);
  const budget = steps === undefined ? { seconds: 60 * minutes } : { steps };
  const display = openDisplay((progress: SearchProgress) => searchTold(progress, budget));
  return await withWorkers(workers, display, filed, "interrupted before anything was trained", (executor, signal) =>
    searchActivation({
      task: filed.tasks[0] as TaskSpec,
      cell: cell as CellName,
      budget,
      seed,
      trialSteps,
      reference,
      executor,
      log: searchLog(join(out, "search.jsonl")),
      signal,
      onProgress: (progress) => display.over(progress),
    }),
  );
}
