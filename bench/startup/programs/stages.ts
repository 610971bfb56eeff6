/**
 * Where the time goes: the stages of a start, timed from inside by standing between the library and what the host
 * offers. Prints `{ stage: milliseconds }`.
 */
type Step = () => unknown;

const spent: Record<string, number> = {};

function timed<Result>(stage: string, step: () => Result): Result {
  const started = performance.now();
  const result = step();
  spent[stage] = (spent[stage] ?? 0) + performance.now() - started;
  return result;
}

/** Counts the time of every call or construction of a host's function. */
function watch<Name extends "validate" | "Module" | "Instance">(stage: string, name: Name): void {
  const original = WebAssembly[name] as unknown as (...parameters: unknown[]) => object;
  const call = (target: typeof original, self: unknown, parameters: unknown[]) =>
    timed(stage, () => Reflect.apply(target, self, parameters));
  const construct = (target: typeof original, parameters: unknown[]) =>
    timed(stage, () => Reflect.construct(target, parameters));
  WebAssembly[name] = new Proxy(original, { apply: call, construct }) as unknown as (typeof WebAssembly)[Name];
}

/** The first time, the second, and the median of the last fifth of many. */
function repeat(what: string, step: Step, times: number): void {
  timed(`${what}, first`, step);
  timed(`${what}, second`, step);
  const samples = Array.from({ length: times }, () => {
    const started = performance.now();
    step();
    return performance.now() - started;
  });
  const last = samples.slice(-times / 5).sort((a, b) => a - b);
  spent[`${what}, settled`] = last[last.length >> 1];
}

await import("./empty.ts");
const started = performance.now();
const { activations, Adam, LastStep, Linear, LSTM, mseLoss, normal, runtimeInfo, Sequential, zeros } = await import(
  "unrolled"
);
spent["import: read, parse, evaluate"] = performance.now() - started;

watch("engine: probes of what the host can do", "validate");
watch("engine: compile", "Module");
watch("engine: instantiate", "Instance");
const engine = "engine: unpack, and the rest";
timed(engine, runtimeInfo);
for (const stage of Object.keys(spent)) {
  if (stage.startsWith("engine: ") && stage !== engine) spent[engine] -= spent[stage];
}

const numbers = new Float32Array(1024);
repeat("sigmoid of 1,024 numbers", () => activations.sigmoid(numbers), 5000);

const lstm = timed("new LSTM 128 → 128", () => new LSTM({ inputSize: 128, hiddenSize: 128 }));
const stream = timed("its stream", () => lstm.stream());
const sample = new Float32Array(128);
repeat("its push", () => stream.push(sample), 5000);

const model = timed(
  "new LSTM 32",
  () =>
    new Sequential(
      new LSTM({ inputSize: 8, hiddenSize: 32 }),
      new LastStep(),
      new Linear({ inputSize: 32, outputSize: 4 }),
    ),
);
const optimizer = new Adam(model.parameters());
const [x, target] = [normal([16, 8, 8]), zeros([8, 4])];
const train = (): void => {
  optimizer.zeroGrad();
  mseLoss(model.forward(x), target).backward();
  optimizer.step();
};
repeat("its training step", train, 500);

process.stdout.write(JSON.stringify(spent));

export {};
