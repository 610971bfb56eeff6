import { basename, dirname, extname } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { replaceFile } from "../../node/index.ts";
import { Failure } from "../failure.ts";
import { requireWritable } from "../files.ts";
import { figure, page, table } from "../report/html.ts";
import { colors } from "../report/style.ts";
import { contenderOf, valuesByName } from "./lists.ts";
import { activationOf, drawShape, type Shape, shapeOf } from "./shape.ts";

interface PlotOptions {
  readonly output?: string;
  readonly from: number;
  readonly to: number;
  readonly parameter?: Readonly<Record<string, number>>;
}

const notes = `
Example:
  $ unrolled activations plot gelu
  $ unrolled activations plot elu --parameter alpha=0.5 -o elu.svg`;

/** Places that a curve is drawn through. */
const PLACES = 801;

/** `unrolled activations plot`: what an activation looks like. */
export function plotCommand(): Command {
  return new Command("plot")
    .description("draw an activation and its derivative")
    .argument("<NAME|EXPRESSION>", "the activation")
    .option("-o, --output <FILE>", "a .html or .svg (default: NAME.html, activation.html for an expression)")
    .option("--from <X>", "the least x", finite, -5)
    .option("--to <X>", "the largest x", finite, 5)
    .option("--parameter <VALUES>", "of its parameters, as in beta=1,alpha=0.5", valuesByName)
    .addHelpText("after", notes)
    .action((text: string, options: PlotOptions) => plot(text, options));
}

function finite(text: string): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (!Number.isFinite(value)) throw new InvalidArgumentError(`expected a number, got ${JSON.stringify(text)}`);
  return value;
}

function plot(text: string, options: PlotOptions): void {
  const { from, to, parameter = {} } = options;
  const output = options.output ?? `${/^\w+$/.test(text) ? text : "activation"}.html`;
  const kind = extname(output).toLowerCase();
  if (kind !== ".html" && kind !== ".svg")
    throw new Failure(`--output ${output}: expected a name that ends in .html or .svg`);
  if (!(from < to)) throw new Failure(`--from ${from} and --to ${to}: expected the least x and then a larger one`);
  // Given outright, parameters go to a name too, as in elu's alpha.
  const contender = { ...contenderOf(text, parameter), ...(/^\w+$/.test(text) && { parameters: parameter }) };
  const shape = shapeOf(contender, [from, to], PLACES);
  requireWritable("--output", dirname(output), [basename(output)]);
  const drawn = drawShape(text, shape, { width: 640, height: 420 });
  replaceFile(output, kind === ".svg" ? alone(drawn) : pageOf(text, shape, activationOf(contender).range, drawn));
  console.log(output);
}

/** A drawing that needs no page round it: with colours of its own, light or dark as the reader's system is. */
function alone(drawn: string): string {
  const style = `<style>${colors}svg{background:var(--card);font-family:system-ui,sans-serif}</style>`;
  return drawn.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ').replace(/^(<svg[^>]*>)/, `$1${style}`);
}

function pageOf(text: string, shape: Shape, [low, high]: readonly [number, number], drawn: string): string {
  const slopes = shape.derivative.filter(Number.isFinite);
  const steepest = slopes.reduce((most, slope) => Math.max(most, Math.abs(slope)), 0);
  const at = (x: number): number =>
    shape.x.reduce((best, one, i) => (Math.abs(one - x) < Math.abs((shape.x[best] as number) - x) ? i : best), 0);
  const value = (numbers: Float32Array, x: number): string => figureOf(numbers[at(x)] as number);
  return page({
    title: text,
    subtitle: "An activation and its derivative, as the engine computes them.",
    body: `<h2>f and f′</h2>
${figure(
  [
    ["training", "f"],
    ["validation", "f′, dashed"],
  ],
  drawn,
)}
<div class="tables">
${table("What is known", [
  ["least and largest value", `${figureOf(low)} … ${figureOf(high)}`],
  ["steepest slope drawn", figureOf(steepest)],
  ...[-2, -1, 0, 1, 2]
    .filter((x) => x >= (shape.x[0] as number) && x <= (shape.x.at(-1) as number))
    .map((x): [string, string] => [`f(${x}), f′(${x})`, `${value(shape.f, x)}, ${value(shape.derivative, x)}`]),
])}
</div>`,
  });
}

function figureOf(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "not a number" : value > 0 ? "∞" : "−∞";
  return String(Number(value.toPrecision(5)));
}
