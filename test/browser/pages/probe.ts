/** What the tests call in the page; loaded by index.html and reached through `window.probe`. */
import {
  activations,
  arrayDataset,
  configure,
  LastStep,
  Linear,
  LSTM,
  mseLoss,
  normal,
  runtimeInfo,
  Sequential,
  SGD,
  seed,
  Trainer,
  threadsReady,
} from "unrolled";
import { failUncaught, loseAndGoOn, refusalOf, trainBeside, trainOnPage } from "./beside.ts";
import { type Outcome, trainDeterministically } from "./deterministic-training.ts";
import { trainWithExpression } from "./policy.ts";
import { runTrials } from "./trial.ts";

function trainInWorker(): Promise<Outcome> {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  return new Promise((done, fail) => {
    worker.addEventListener("message", ({ data }: MessageEvent<Outcome | { error: string }>) => {
      worker.terminate();
      if ("error" in data) fail(new Error(data.error));
      else done(data);
    });
    worker.addEventListener("error", ({ message }) => fail(new Error(message)));
    worker.postMessage("train");
  });
}

/** Trains for sixty steps, and counts how often a timer, which shares the thread, got its turn meanwhile. */
async function timersWhileTraining(): Promise<number> {
  const model = new Sequential(
    new LSTM({ inputSize: 32, hiddenSize: 128 }),
    new LastStep(),
    new Linear({ inputSize: 128, outputSize: 1 }),
  );
  const data = arrayDataset(normal([256, 64, 32]), normal([256, 1]), { timeMajor: true });
  const optimizer = new SGD(model.parameters(), { learningRate: 0.01 });
  let timers = 0;
  const clock = setInterval(() => timers++, 10);
  await new Trainer({ model, loss: mseLoss, optimizer }).fit(data, { steps: 60 });
  clearInterval(clock);
  return timers;
}

/** A few steps of a batch large enough to be shared out; how many threads did it, and where the loss went. */
async function trainOnThreads(threads: number): Promise<{ threads: number; losses: number[] }> {
  configure({ threads });
  const ready = await threadsReady();
  seed(3);
  const model = new Sequential(
    new LSTM({ inputSize: 16, hiddenSize: 61 }),
    new LastStep(),
    new Linear({ inputSize: 61, outputSize: 1 }),
  );
  const optimizer = new SGD(model.parameters(), { learningRate: 0.1 });
  const [x, y] = [normal([20, 18, 16]), normal([18, 1])];
  const losses = Array.from({ length: 5 }, () => {
    optimizer.zeroGrad();
    const loss = mseLoss(model.forward(x), y);
    loss.backward();
    optimizer.step();
    return loss.item();
  });
  return { threads: ready, losses };
}

export const probe = {
  /** The build that is chosen when nobody asks for one. */
  chosenBuild(): string {
    activations.tanh(new Float32Array([1]));
    return runtimeInfo().build;
  },
  deterministicBuild(): string {
    configure({ deterministic: true });
    activations.tanh(new Float32Array([1]));
    return runtimeInfo().build;
  },
  train: trainDeterministically,
  trainInWorker,
  timersWhileTraining,
  trainOnThreads,
  trainWithExpression,
  runTrials,
  trainBeside,
  trainOnPage,
  loseAndGoOn,
  failUncaught,
  refusalOf,
};

declare global {
  interface Window {
    probe: typeof probe;
  }
}

window.probe = probe;
