/**
 * Makes what docs/activations.md shows: pictures, comparisons on four tasks, and what a gradient meets in a network that has
 * not been trained yet. Takes a quarter of an hour on two cores.
 *   npm run guide [-- --budget N --seeds N]
 */
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { activation, initialize, normal, type Parameter, RNN, seed, square, sum } from "unrolled";
import { diagnose } from "unrolled/laboratory";
import { replaceFile } from "unrolled/node";

const { values } = parseArgs({
  options: { budget: { type: "string", default: "1200" }, seeds: { type: "string", default: "5" } },
});

const names = [
  ...["tanh", "sigmoid", "relu", "leakyRelu", "elu", "selu"],
  ...["gelu", "silu", "mish", "penalizedTanh", "softsign", "sine"],
];
const [pictures, comparisons] = [join("docs", "pictures"), join("docs", "comparisons")];
for (const folder of [pictures, comparisons]) mkdirSync(folder, { recursive: true });

const unrolled = (...words: string[]): string =>
  execFileSync(process.execPath, ["dist/cli/main.js", "activations", ...words], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });

/** What happens to a gradient over 100 steps of an Elman network with an orthogonal W_hh. */
function dynamicsOf(name: string): string[] {
  seed(1);
  const layer = new RNN({ inputSize: 8, hiddenSize: 64, activation: activation(name as never) });
  initialize.orthogonal(new Map(layer.namedParameters()).get("weight_hh_l0") as Parameter);
  const [input, target] = [normal([100, 32, 8]), normal([1])];
  const { layers } = diagnose(layer, { input, target }, { loss: (output) => sum(square(output)) });
  const [found] = layers;
  if (!found) throw new TypeError("expected a recurrent layer");
  const { gradient, exponents, units, gates } = found;
  const [gate] = gates ?? [];
  const share = (value: number): string => `${(100 * value).toFixed(0)} %`;
  return [
    name,
    gradient.factor.toFixed(3),
    gradient.gain.toExponential(1),
    exponents?.[0]?.toFixed(3) ?? "–",
    share(units.dead.length / units.count),
    gate?.bounded ? share(gate.low + gate.high) : "–",
  ];
}

const head = ["activation", "factor a step", "over 100 steps", "largest exponent", "dead", "saturated"];
const rows = [head, head.map((_, i) => (i === 0 ? "---" : "---:")), ...names.map(dynamicsOf)];
const table = rows.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
replaceFile(join(comparisons, "dynamics.md"), `${table}\n`);
console.log(table);

for (const name of names) unrolled("plot", name, "-o", join(pictures, `${name}.svg`));
unrolled("plot", "atan(x) * min(x, 0)", "-o", join(pictures, "found.svg"));
for (const task of ["adding", "characters", "digits", "copy"]) {
  const said = unrolled(
    ...["compare", "--task", task, "--cell", "rnn,lstm,gru", "--activation", names.join()],
    ...["--seeds", values.seeds, "--budget", values.budget, "--report", join(comparisons, `${task}.html`)],
  );
  replaceFile(join(comparisons, `${task}.txt`), said);
  console.log(said);
}
