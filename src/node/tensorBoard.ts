import { appendFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import type { Callback, TrainingState } from "../index.ts";
import { OptionError } from "../runtime/errors.ts";
import { encodeRecord, encodeScalars, encodeSessionStart, encodeVersion } from "./eventFile.ts";
import { fileError, requireFolder } from "./files.ts";

/**
 * Writes a training as an event file that TensorBoard shows: the scalars `loss`, `gradient_norm`, `learning_rate` and
 * `epoch` of each step, `validation/loss` and `validation/<metric>` of each validation. A training that is resumed writes
 * another file, which says from which step on it takes the place of the first.
 *
 * ```ts
 * import { readdirSync } from "node:fs";
 *
 * const model = new Linear({ inputSize: 1, outputSize: 1 });
 * const optimizer = new Adam(model.parameters(), { learningRate: 0.1 });
 * const trainer = new Trainer({ model, loss: mseLoss, optimizer });
 * const data = arrayDataset(tensor([[0], [1], [2], [3]]), tensor([[1], [3], [5], [7]]));
 * await trainer.fit(data, { epochs: 5, callbacks: [tensorBoard("runs/line")] });
 * // tensorboard --logdir runs
 * readdirSync("runs/line").length; // 1
 * ```
 *
 * @throws {OptionError} when the folder is none. The training ends with a {FileError} when it cannot be written.
 */
export function tensorBoard(folder: string): Callback {
  if (typeof folder !== "string" || folder === "") {
    throw new OptionError(`tensorBoard folder: expected a path, got ${JSON.stringify(folder)}`);
  }
  let path = "";
  const append = (event: Uint8Array): void => {
    try {
      appendFileSync(path, encodeRecord(event));
    } catch (error) {
      throw fileError(path, "written", error);
    }
  };
  return {
    onFitStart: ({ step }) => {
      requireFolder(folder);
      path = begin(folder);
      append(encodeVersion(now()));
      if (step > 0) append(encodeSessionStart(now(), step));
    },
    onStepEnd: ({ step, progress }) => {
      append(encodeScalars(now(), step, scalarsOf(progress)));
    },
  };
}

/** Seconds since 1970. */
function now(): number {
  return Date.now() / 1000;
}

/** An empty file with a name of its own: TensorBoard reads those of a folder in the order of their names. */
function begin(folder: string): string {
  const seconds = String(Math.floor(now())).padStart(10, "0");
  for (let n = 0; ; n++) {
    const path = join(folder, `events.out.tfevents.${seconds}.${hostname()}.${process.pid}.${n}`);
    try {
      writeFileSync(path, "", { flag: "wx" });
      return path;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw fileError(path, "written", error);
    }
  }
}

function scalarsOf(progress: TrainingState["progress"]): Record<string, number> {
  if (!progress) return {};
  const { loss, gradientNorm, learningRate, epoch, validation, metrics = {} } = progress;
  const measured = Object.entries(metrics).map(([name, value]) => [`validation/${name}`, value]);
  return {
    loss,
    ...(gradientNorm === undefined ? {} : { gradient_norm: gradientNorm }),
    learning_rate: learningRate,
    epoch,
    ...(validation === undefined ? {} : { "validation/loss": validation }),
    ...Object.fromEntries(measured),
  };
}
