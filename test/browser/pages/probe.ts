/** What the tests call in the page; loaded by index.html and reached through `window.probe`. */
import { activations, configure, runtimeInfo } from "unrolled";
import { type Outcome, trainDeterministically } from "./deterministic-training.ts";

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
};

declare global {
  interface Window {
    probe: typeof probe;
  }
}

window.probe = probe;
