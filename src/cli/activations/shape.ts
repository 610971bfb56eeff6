import { type Activation, activation, noGrad, tensor } from "../../index.ts";
import type { Contender } from "../../laboratory/index.ts";
import { Failure } from "../failure.ts";
import { drawLines, type Points, type Size } from "../report/drawing.ts";

/** An activation and its derivative at some places. */
export interface Shape {
  readonly x: Float32Array;
  readonly f: Float32Array;
  readonly derivative: Float32Array;
}

/**
 * The activation that a name or an expression means.
 * @throws {OptionError} when there is none; {Failure} when the expression is none.
 */
export function activationOf({ activation: text, parameters = {} }: Contender): Activation {
  try {
    return activation(text, parameters);
  } catch (error) {
    if (!(error instanceof Error && error.name === "ExpressionError")) throw error;
    // What follows shows the place in the text, over several lines.
    const [what = ""] = error.message.split("\n");
    throw new Failure(`${text}: ${what}`);
  }
}

/** An activation and its derivative at `count` places from `from` to `to`, by the kernels that networks use. */
export function shapeOf(contender: Contender, [from, to]: readonly [number, number], count = 401): Shape {
  const f = activationOf(contender);
  const x = Float32Array.from({ length: count }, (_, i) => from + ((to - from) * i) / (count - 1));
  const of = (map: (x: ReturnType<typeof tensor>) => ReturnType<typeof tensor>): Float32Array =>
    noGrad(() => map(tensor(x))).toArray() as Float32Array;
  return { x, f: of((t) => f.apply(t)), derivative: of((t) => f.derivative(t)) };
}

/** From where to where heights are drawn: most of both curves, 0 and 1 among them, nothing far beyond the places. */
export function heightsOf({ x, f, derivative }: Shape): [low: number, high: number] {
  const farthest = Math.max(Math.abs(x[0] as number), Math.abs(x.at(-1) as number));
  const values = [...f, ...derivative].filter((value) => Math.abs(value) <= farthest);
  const low = Math.min(0, ...values);
  const high = Math.max(1, ...values);
  const room = (high - low) * 0.06;
  return [low - room, high + room];
}

/** Stretches of a curve that lie within these heights. */
function within(x: Float32Array, y: Float32Array, [low, high]: readonly [number, number]): Points[] {
  const stretches: (readonly [number, number])[][] = [[]];
  y.forEach((value, i) => {
    if (value >= low && value <= high)
      (stretches.at(-1) as (readonly [number, number])[]).push([x[i] as number, value]);
    else if ((stretches.at(-1) as unknown[]).length > 0) stretches.push([]);
  });
  return stretches.filter((points) => points.length > 1);
}

/** The activation and, dashed, its derivative as an SVG element in the page's colours. */
export function drawShape(label: string, shape: Shape, size: Size): string {
  const range = heightsOf(shape);
  const { x, f, derivative } = shape;
  return drawLines({
    label: `${label} and its derivative`,
    size,
    x: { name: "x", range: [x[0] as number, x.at(-1) as number] },
    y: { name: "", range },
    levels: [0],
    marks: (x[0] as number) < 0 && (x.at(-1) as number) > 0 ? [0] : [],
    lines: [
      ...within(x, f, range).map((points) => ({ points, color: "training", width: 2.4 })),
      ...within(x, derivative, range).map((points) => ({ points, color: "validation", width: 1.8, dashes: "6 4" })),
    ],
  });
}
