/** What a training leaves in logs: tables, lines of JSON, TensorBoard's event files, a bar or lines, a drawing. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { fileURLToPath } from "node:url";
import protobuf from "protobufjs";
import { type Callback, FileError, type FitOptions, type History, OptionError, type Progress, seed } from "unrolled";
import { csvLog, jsonLog, plotHistory, progressBar, tensorBoard } from "unrolled/node";
import { beforeEach, describe, expect, test } from "vitest";
import { crc32c } from "../../src/node/crc32c.ts";
import { doubling } from "../behaviour/doubling.ts";
import { emptyFolder } from "./folder.ts";

beforeEach(() => seed(8));

/** Four steps, with a validation after the second and the fourth; what they told. */
async function train(callbacks: Callback[], more: FitOptions = {}): Promise<{ told: Progress[]; saved: Uint8Array[] }> {
  const { trainer, data } = doubling();
  const told: Progress[] = [];
  const saved: Uint8Array[] = [];
  const saving: Callback = {
    onStepEnd: (state) => {
      saved.push(state.save());
      told.push(state.progress as Progress);
    },
  };
  await trainer.fit(data, {
    epochs: 2,
    batchSize: 5,
    validation: data,
    metrics: { "a, b": () => 0.25, odd: () => Number.NaN },
    callbacks: [...callbacks, saving],
    ...more,
  });
  return { told, saved };
}

describe("csvLog", () => {
  test("a row for each step, names in quotes where they need them", async () => {
    const path = join(emptyFolder(), "new", "log.csv");
    const { told } = await train([csvLog(path)]);
    const [head, ...rows] = readFileSync(path, "utf8").trimEnd().split("\n");
    expect(head).toBe('step,epoch,loss,gradientNorm,learningRate,seconds,validation,"a, b",odd');
    expect(rows).toEqual(
      told.map(({ step, epoch, loss, seconds, validation }) =>
        [step, epoch, loss, "", 0.1, seconds, validation ?? "", ...(validation ? [0.25, Number.NaN] : ["", ""])].join(),
      ),
    );
    expect(told.map(({ validation }) => validation !== undefined)).toEqual([false, true, false, true]);
  });

  test("goes on where the checkpoint was, whatever came after it", async () => {
    const path = join(emptyFolder(), "log.csv");
    const { saved } = await train([csvLog(path)]);
    const whole = readFileSync(path, "utf8");
    const withoutTime = (text: string): string => text.replace(/(0\.1),[\d.e-]+,/g, "$1,");
    // A line that was cut off.
    writeFileSync(path, `${whole}5,3,0.`);
    await train([csvLog(path)], { resume: saved[1] });
    expect(withoutTime(readFileSync(path, "utf8"))).toBe(withoutTime(whole));
    await train([csvLog(path)], { epochs: 1 });
    expect(readFileSync(path, "utf8").trimEnd().split("\n")).toHaveLength(3);
    await train([csvLog(join(path, "..", "other.csv"))], { resume: saved[1] });
    expect(
      readFileSync(join(path, "..", "other.csv"), "utf8")
        .trimEnd()
        .split("\n"),
    ).toHaveLength(3);
  });

  test("refuses what is no path, or cannot be written", async () => {
    expect(() => csvLog("")).toThrow(OptionError);
    const folder = emptyFolder();
    await expect(train([csvLog(folder)])).rejects.toThrow(FileError);
    await expect(train([csvLog(folder)])).rejects.toThrow(/cannot be written: it is a directory/);
    if (existsSync("/dev/full")) {
      await expect(train([csvLog("/dev/full")])).rejects.toThrow(/no space left on the device/);
    }
  });
});

test("jsonLog: a line of JSON for each step, going on where the checkpoint was", async () => {
  const path = join(emptyFolder(), "log.jsonl");
  const read = (): unknown[] =>
    readFileSync(path, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
  const { told, saved } = await train([jsonLog(path)]);
  expect(read()).toEqual(JSON.parse(JSON.stringify(told)));
  expect(read()[1]).toMatchObject({ step: 2, metrics: { "a, b": 0.25, odd: null } });
  await train([jsonLog(path)], { resume: saved[2] });
  expect(read()).toMatchObject(told.map(({ step, loss }) => ({ step, loss })));
  expect(() => jsonLog(3 as never)).toThrow(OptionError);
});

describe("tensorBoard", () => {
  const schema = fileURLToPath(new URL("../fixtures/tensorboard/event.proto", import.meta.url));
  const Event = protobuf.loadSync(schema).lookupType("tensorboard.Event");

  /** The records of a file, their checksums computed as the format's description says, apart from the writer. */
  function recordsIn(path: string): Uint8Array[] {
    const bytes = readFileSync(path);
    const masked = (part: Uint8Array): number => {
      const crc = BigInt(crc32c(part));
      return Number((((crc >> 15n) | (crc << 17n)) + 0xa282ead8n) & 0xffffffffn);
    };
    const records: Uint8Array[] = [];
    let at = 0;
    while (at < bytes.length) {
      const length = Number(bytes.readBigUInt64LE(at));
      expect(bytes.readUInt32LE(at + 8)).toBe(Number(BigInt.asUintN(32, BigInt(masked(bytes.subarray(at, at + 8))))));
      const record = bytes.subarray(at + 12, at + 12 + length);
      expect(bytes.readUInt32LE(at + 12 + length)).toBe(masked(record));
      records.push(record);
      at += 16 + length;
    }
    expect(at).toBe(bytes.length);
    return records;
  }

  const eventsIn = (path: string): Record<string, unknown>[] =>
    recordsIn(path).map((record) => Event.toObject(Event.decode(record), { longs: Number, enums: String }));

  test("CRC-32C is that of RFC 3720", () => {
    const ascending = Uint8Array.from({ length: 32 }, (_, i) => i);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43);
    expect(crc32c(ascending)).toBe(0x46dd794e);
    expect(crc32c(ascending.toReversed())).toBe(0x113fdb5c);
    expect(crc32c(new TextEncoder().encode("123456789"))).toBe(0xe3069283);
  });

  test("a file that says its version, then a summary of scalars for each step", async () => {
    const folder = join(emptyFolder(), "new");
    const { told } = await train([tensorBoard(folder)], {});
    const [name] = readdirSync(folder) as [string];
    expect(name).toMatch(/^events\.out\.tfevents\.\d{10}\./);
    const [version, ...steps] = eventsIn(join(folder, name));
    expect(version).toEqual({ wallTime: expect.closeTo(Date.now() / 1000, -2), fileVersion: "brain.Event:2" });
    expect(steps).toHaveLength(4);
    for (const [i, { step, loss, epoch, validation }] of told.entries()) {
      const measured = [
        { tag: "validation/loss", simpleValue: Math.fround(validation ?? 0) },
        { tag: "validation/a, b", simpleValue: 0.25 },
        { tag: "validation/odd", simpleValue: Number.NaN },
      ];
      expect(steps[i]).toEqual({
        wallTime: expect.closeTo(Date.now() / 1000, -2),
        step,
        summary: {
          value: [
            { tag: "loss", simpleValue: loss },
            { tag: "learning_rate", simpleValue: Math.fround(0.1) },
            { tag: "epoch", simpleValue: epoch },
            ...(validation === undefined ? [] : measured),
          ],
        },
      });
    }
  });

  test("a resumed training says from which step on it counts; steps beyond 2^32 are written", async () => {
    const folder = emptyFolder();
    const { saved } = await train([tensorBoard(folder)]);
    await train([tensorBoard(folder)], { resume: saved[2] });
    const names = readdirSync(folder).sort();
    expect(names).toHaveLength(2);
    const [, session, last] = eventsIn(join(folder, names[1] as string));
    expect(session).toMatchObject({ step: 3, sessionLog: { status: "START" } });
    expect(last).toMatchObject({ step: 4 });
    const { encodeScalars } = await import("../../src/node/eventFile.ts");
    for (const step of [0, 1, 127, 128, 300, 2 ** 31, 2 ** 40 + 5]) {
      const event = Event.toObject(Event.decode(encodeScalars(0.5, step, { é: -1.5 })), { longs: Number });
      expect(event.step ?? 0).toBe(step);
      expect(event).toMatchObject({ wallTime: 0.5, summary: { value: [{ tag: "é", simpleValue: -1.5 }] } });
    }
  });

  test("refuses what is no folder", async () => {
    expect(() => tensorBoard("")).toThrow(OptionError);
    const path = join(emptyFolder(), "file");
    writeFileSync(path, "");
    await expect(train([tensorBoard(path)])).rejects.toThrow(FileError);
  });
});

describe("progressBar", () => {
  const written = async (isTTY: boolean, seconds?: number): Promise<string> => {
    const stream = Object.assign(new PassThrough(), { isTTY, columns: 100 }) as unknown as NodeJS.WriteStream;
    // What a terminal can do besides.
    for (const name of ["cursorTo", "clearLine", "moveCursor"]) Object.assign(stream, { [name]: () => true });
    await train([progressBar({ stream, seconds })]);
    return String((stream as unknown as PassThrough).read() ?? "");
  };

  test("plain lines where there is no terminal: at validations and at the end, or more often", async () => {
    const lines = (await written(false)).trimEnd().split("\n");
    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatch(
      /^step 4\/4 {2}epoch 2 {2}loss 0\.\d{4} {2}validation \d\.\d{4} {2}a, b 0\.2500 {2}odd NaN/,
    );
    expect((await written(false, 0)).trimEnd().split("\n")).toHaveLength(4);
    expect(await written(false)).not.toContain("\u001b");
  });

  test("a bar in a terminal", async () => {
    const drawn = await written(true);
    expect(drawn).toContain("100%");
    expect(drawn).toContain("step 4/4");
  });

  test("refuses unknown options", () => {
    expect(() => progressBar({ colour: "red" } as never)).toThrow(OptionError);
  });
});

test("plotHistory: the curves of a history as SVG", async () => {
  const loss = Array.from({ length: 200 }, (_, i) => 0.002 + 0.01 / (i + 1));
  const history: Pick<History, "loss" | "validation"> = {
    loss,
    validation: [{ step: 100, loss: 0.004, metrics: {} }],
  };
  const svg = await plotHistory(history, { label: "squared error" });
  expect(svg).toMatch(/^<svg [^>]*viewBox/);
  expect(svg).toContain("squared error");
  // The axis suits losses far below one.
  expect(svg).toContain(">0.002<");
  expect(svg).toContain("var(--validation");
});

test("plotHistory: losses that hardly differ, and round numbers on the axis", async () => {
  for (const [loss, validation] of [
    [0.5314718246459, 0.5314718246458],
    [0.5314718246, 0.5315],
    [0, 0],
    [0.8312345, 0.0001],
  ] as const) {
    const svg = await plotHistory({ loss: [loss], validation: [{ step: 1, loss: validation }] });
    expect(svg).toMatch(/^<svg /);
    expect(svg).not.toMatch(/\d\.\d{6}\d*<\/text>|NaN/);
  }
});
