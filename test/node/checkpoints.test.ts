/** Checkpoints in files: which there are, that they are whole, and what happens where they cannot be written. */
import type * as fs from "node:fs";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Callback, FileError, type FitOptions, OptionError, seed } from "unrolled";
import { bestCheckpoint, checkpoints, latestCheckpoint } from "unrolled/node";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { doubling } from "../behaviour/doubling.ts";
import { emptyFolder } from "./folder.ts";

/** The disk's room in bytes; what is written beyond is refused, as the system does it. */
let room = Number.POSITIVE_INFINITY;

vi.mock("node:fs", async (original) => {
  const real = await original<typeof fs>();
  const writeSync = (file: number, content: Uint8Array, at: number): number => {
    if (room <= 0) throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
    const length = Math.min(content.length - at, 1000, room);
    room -= length;
    return real.writeSync(file, content, at, length);
  };
  return { ...real, writeSync };
});

beforeEach(() => {
  seed(8);
  room = Number.POSITIVE_INFINITY;
});

const nameOf = (step: number): string => `step-${String(step).padStart(9, "0")}.safetensors`;

/** Ten examples, five steps a pass. */
async function train(options: Partial<FitOptions> & { files: Callback }): Promise<Uint8Array> {
  seed(options.resume ? 99 : 8);
  const { trainer, data, model } = doubling();
  const { files, callbacks = [], ...rest } = options;
  await trainer.fit(data, { epochs: 3, batchSize: 2, callbacks: [files, ...callbacks], ...rest });
  return model.save();
}

describe("which files there are", () => {
  test("one before the first step, one after each pass, the latest kept", async () => {
    const folder = join(emptyFolder(), "new", "deep");
    const seen: string[][] = [];
    const looking: Callback = {
      onStepEnd: () => {
        seen.push(readdirSync(folder));
      },
    };
    await train({ files: checkpoints({ folder, keepLast: 2 }), callbacks: [looking] });
    expect(seen[0]).toEqual([nameOf(0)]);
    expect(readdirSync(folder)).toEqual([nameOf(10), nameOf(15)]);
    expect(latestCheckpoint(folder)).toMatchObject({ path: join(folder, nameOf(15)), step: 15 });
    expect(bestCheckpoint(folder)).toBeNull();
  });

  test("every so many steps, the last one too; the best beside them; texts in them", async () => {
    const folder = emptyFolder();
    const values = [5, 3, 4];
    const metrics = { figure: () => values.shift() as number };
    const files = checkpoints({ folder, every: 4, keepLast: 9, monitor: "figure", metadata: { run: "7" } });
    const { data } = doubling();
    await train({ files, steps: 14, validation: { length: 2, batch: () => data.batch(Int32Array.of(1)) }, metrics });
    expect(readdirSync(folder)).toEqual(["best.safetensors", ...[0, 4, 8, 12, 14].map(nameOf)]);
    expect(bestCheckpoint(folder)).toMatchObject({ step: 10, metadata: { run: "7" } });
    expect(latestCheckpoint(folder)?.step).toBe(14);
  });

  test("one where the training is interrupted, between steps too", async () => {
    for (const moment of ["onStepStart", "onStepEnd", "onEpochStart"] as const) {
      const folder = emptyFolder();
      const stop = new AbortController();
      const stopping: Callback = {
        [moment]: ({ step }: { step: number }) => {
          if (step >= 5) stop.abort();
        },
      };
      const callbacks = moment === "onStepEnd" ? [] : [stopping];
      const first = moment === "onStepEnd" ? [stopping] : [];
      const { trainer, data } = doubling();
      const files = checkpoints({ folder, every: 100 });
      const options = { epochs: 3, batchSize: 2, signal: stop.signal, callbacks: [...first, files, ...callbacks] };
      const { steps, stopped } = await trainer.fit(data, options);
      expect(stopped).toBe("aborted");
      expect(latestCheckpoint(folder)?.step).toBe(steps);
    }
  });

  test("unfinished ones of a process that was killed are cleared away", async () => {
    const folder = emptyFolder();
    writeFileSync(join(folder, `.unfinished-123-${nameOf(4)}`), "half");
    await train({ files: checkpoints({ folder, keepLast: 1 }) });
    expect(readdirSync(folder)).toEqual([nameOf(15)]);
  });
});

describe("going on", () => {
  test("from the newest gives the bits of an undisturbed training; a damaged one is passed over", async () => {
    const whole = await train({ files: checkpoints({ folder: emptyFolder() }) });
    const folder = emptyFolder();
    await train({ files: checkpoints({ folder, every: 2 }), steps: 7 });
    expect(readdirSync(folder)).toEqual([4, 6, 7].map(nameOf));
    const newest = readFileSync(join(folder, nameOf(7)));
    writeFileSync(join(folder, nameOf(7)), newest.subarray(0, newest.length - 1));
    const found = latestCheckpoint(folder);
    expect(found?.step).toBe(6);
    expect(await train({ files: checkpoints({ folder, every: 2 }), resume: found?.bytes })).toEqual(whole);
    expect(readdirSync(folder)).toEqual([12, 14, 15].map(nameOf));
  });

  test("the best is remembered", async () => {
    const folder = emptyFolder();
    const { data } = doubling();
    const measuring = (values: number[]): Partial<FitOptions> => ({
      validation: { length: 2, batch: () => data.batch(Int32Array.of(1)) },
      metrics: { figure: () => values.shift() as number },
    });
    const files = (): Callback => checkpoints({ folder, monitor: "figure", mode: "max" });
    await train({ files: files(), epochs: 2, ...measuring([1, 3]) });
    expect(bestCheckpoint(folder)?.step).toBe(10);
    await train({ files: files(), epochs: 4, ...measuring([2, 4]), resume: latestCheckpoint(folder)?.bytes });
    expect(bestCheckpoint(folder)?.step).toBe(20);
  });

  test("a training that begins leaves those of another alone, unless it may overwrite them", async () => {
    const folder = emptyFolder();
    await train({ files: checkpoints({ folder }) });
    const before = readdirSync(folder);
    await expect(train({ files: checkpoints({ folder }) })).rejects.toThrow(FileError);
    await expect(train({ files: checkpoints({ folder }) })).rejects.toThrow(/expected no checkpoints .*overwrite/);
    expect(readdirSync(folder)).toEqual(before);
    await train({ files: checkpoints({ folder, overwrite: true }), epochs: 1 });
    expect(readdirSync(folder)).toEqual([nameOf(0), nameOf(5)]);
  });

  test("nothing is found where nothing is", () => {
    expect(latestCheckpoint(join(emptyFolder(), "none"))).toBeNull();
    const folder = emptyFolder();
    writeFileSync(join(folder, "other.safetensors"), "");
    writeFileSync(join(folder, nameOf(3)), "damaged");
    expect(latestCheckpoint(folder)).toBeNull();
  });
});

describe("what cannot be written", () => {
  test("a full disk ends the training; the files there were stay, whole, and the trainer can still save", async () => {
    const folder = emptyFolder();
    seed(8);
    const { trainer, data, model } = doubling();
    let weights = model.save();
    const filling: Callback = {
      onStepEnd: ({ step }) => {
        weights = model.save();
        if (step === 4) room = 500;
      },
    };
    const callbacks = [filling, checkpoints({ folder, every: 2, keepLast: 2 })];
    const failing = trainer.fit(data, { epochs: 3, batchSize: 2, callbacks });
    await expect(failing).rejects.toThrow(FileError);
    await expect(failing).rejects.toThrow(/step-000000004.*: cannot be written: no space left on the device/);
    expect(readdirSync(folder)).toEqual([0, 2].map(nameOf));
    expect(latestCheckpoint(folder)?.step).toBe(2);
    expect(model.save()).toEqual(weights);
    room = Number.POSITIVE_INFINITY;
    const rest = await train({ files: checkpoints({ folder }), resume: trainer.save() });
    expect(rest).toEqual(await train({ files: checkpoints({ folder: emptyFolder() }) }));
  });

  test("a folder that is a file, or cannot be made: before the first step", async () => {
    const folder = emptyFolder();
    writeFileSync(join(folder, "file"), "");
    for (const path of [join(folder, "file"), join(folder, "file", "inside"), "/proc/none/here"]) {
      let steps = 0;
      const counting: Callback = {
        onStepEnd: () => {
          steps++;
        },
      };
      const failing = train({ files: checkpoints({ folder: path }), callbacks: [counting] });
      await expect(failing, path).rejects.toThrow(FileError);
      await expect(failing, path).rejects.toThrow(/cannot be written: /);
      expect(steps).toBe(0);
    }
  });

  test("a folder in the place of a checkpoint", async () => {
    const folder = emptyFolder();
    mkdirSync(join(folder, nameOf(5), "inside"), { recursive: true });
    await expect(train({ files: checkpoints({ folder, overwrite: true }) })).rejects.toThrow(FileError);
  });

  test.each<[string, object]>([
    ["folder", { folder: "" }],
    ["every", { folder: "x", every: 0 }],
    ["keepLast", { folder: "x", keepLast: 0.5 }],
    ["mode", { folder: "x", mode: "most" }],
    ['"keep"', { folder: "x", keep: 1 }],
  ])("options: %s", (name, options) => {
    expect(() => checkpoints(options as never)).toThrow(OptionError);
    expect(() => checkpoints(options as never)).toThrow(name);
  });
});
