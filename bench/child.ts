/**
 * One turn in a process of its own: two WebAssembly modules, or two sets of hot loops, in one process would slow each
 * other down. Takes its request as JSON in the first argument, sends a message for each case.
 */
import Benchmark from "benchmark";
import { medianOf } from "./rows.ts";
import { type Case, isSelected, type Suite } from "./suite.ts";
import { suites } from "./suites/index.ts";
import type { TurnMessage, TurnRequest } from "./turn.ts";

function send(message: TurnMessage): void {
  process.send?.(message);
}

function time(selected: readonly Case[], seconds: number): void {
  for (const { name, prepare } of selected) {
    const { run } = prepare();
    const benchmark = new Benchmark(name, run, { maxTime: seconds, minTime: Math.min(0.05, seconds / 5) });
    benchmark.on("error", () => {
      throw benchmark.error ?? new Error(`${name}: Benchmark.js stopped without saying why`);
    });
    benchmark.run({ async: false });
    send({ kind: "timing", case: name, seconds: medianOf(benchmark.stats.sample) });
  }
}

/** ‖a − b‖ / ‖a‖ over all numbers of one result. */
function relativeDifference(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) throw new Error(`expected ${a.length} numbers, got ${b.length}`);
  let difference = 0;
  let size = 0;
  for (let i = 0; i < a.length; i++) {
    difference += (a[i] - b[i]) ** 2;
    size += a[i] ** 2;
  }
  return Math.sqrt(difference) / Math.max(Math.sqrt(size), Number.MIN_VALUE);
}

function compare(suite: Suite, only: string): void {
  const engine = suite.cases.wasm();
  for (const [index, plain] of suite.cases.javascript().entries()) {
    if (!isSelected(only, suite.workload, plain.name)) continue;
    const expected = plain.prepare().result();
    const actual = engine[index].prepare().result();
    const difference = Math.max(...expected.map((values, i) => relativeDifference(values, actual[i])));
    send({ kind: "comparison", case: plain.name, difference });
  }
}

const request: TurnRequest = JSON.parse(process.argv[2]);
const suite = suites.find(({ workload }) => workload === request.workload);
if (!suite) throw new Error(`no workload named ${request.workload}`);
if (request.task === "compare") {
  compare(suite, request.only);
} else {
  const cases = suite.cases[request.implementation]();
  time(
    cases.filter(({ name }) => isSelected(request.only, suite.workload, name)),
    request.seconds,
  );
}
