/** The comparison's workloads, without any peer: this library and plain JavaScript must compute the same from them. */
import { describe, expect, test } from "vitest";
import { relativeDifference } from "../../bench/peers/agreement.ts";
import { limitOf } from "../../bench/peers/ceiling.ts";
import { probeInWebAssembly } from "../../bench/peers/ceiling-wasm.ts";
import { Inputs, reordered, transposed } from "../../bench/peers/inputs.ts";
import { startJavascript } from "../../bench/peers/javascript.ts";
import { Measurement } from "../../bench/peers/measurement.ts";
import { onnxModel } from "../../bench/peers/onnx-model.ts";
import { type Peer, type Prepared, prepare } from "../../bench/peers/peer.ts";
import { peers } from "../../bench/peers/peers.ts";
import { renderReport } from "../../bench/peers/report.ts";
import { tableOf } from "../../bench/peers/table.ts";
import { timed } from "../../bench/peers/timing.ts";
import { startUnrolled } from "../../bench/peers/unrolled.ts";
import { type Case, cases } from "../../bench/peers/workloads.ts";

/** The large ones repeat what the small ones check, and take plain JavaScript seconds. */
function isQuick({ cost }: Case): boolean {
  return (cost.operations ?? 0) < 1e9;
}

async function resultOf(peer: Peer, benchCase: Case): Promise<Float32Array[]> {
  const prepared: Prepared = await prepare(peer, benchCase);
  return prepared.result();
}

const ceiling = { measuredBy: "a test", gigaflops: 50, read: {}, copy: { 4096: 1e-7 } };

describe("workloads", () => {
  test("have names of their own", () => {
    const names = cases.map(({ workload, name }) => `${workload} ${name}`);
    expect(new Set(names).size).toBe(names.length);
  });

  test.each(cases.filter(isQuick).map((benchCase) => [benchCase.workload, benchCase.name, benchCase] as const))(
    "%s %s: the library and plain JavaScript agree within the case's tolerance",
    async (_workload, _name, benchCase) => {
      const expected = await resultOf(await startJavascript(), benchCase);
      const actual = await resultOf(await startUnrolled(), benchCase);
      expect(actual.length).toBe(expected.length);
      expected.forEach((values, i) => {
        expect(relativeDifference(values, actual[i])).toBeLessThan(benchCase.tolerance);
      });
    },
  );

  test("training reads a text that begins and ends with token 0, targets one step on", () => {
    const { work, inputs } = cases.find(({ work: { kind } }) => kind === "training") as Case;
    const { tokens, targets } = new Inputs(inputs).text();
    const batch = work.kind === "training" ? work.batch : 0;
    expect(tokens.slice(0, batch).every((token) => token === 0)).toBe(true);
    expect(targets.slice(-batch).every((token) => token === 0)).toBe(true);
    expect(tokens.slice(batch)).toEqual(targets.slice(0, -batch));
  });
});

describe("what peers are made of", () => {
  test("weights turn and change places", () => {
    const values = Float32Array.of(1, 2, 3, 4, 5, 6);
    expect([...transposed(values, 2, 3)]).toEqual([1, 4, 2, 5, 3, 6]);
    expect([...reordered(values, [1, 0, 2])]).toEqual([3, 4, 1, 2, 5, 6]);
  });

  test("an ONNX model of one node is a few bytes and its constants", () => {
    const constants = { b: { shape: [4], values: Float32Array.of(1, 2, 3, 4) } };
    const node = { operator: "Add", arguments: ["a", "b"], inputs: { a: [4] }, outputs: { y: [4] }, constants };
    const bytes = Buffer.from(onnxModel(node));
    expect(bytes.includes("Add")).toBe(true);
    expect(bytes.includes(Buffer.from(constants.b.values.buffer))).toBe(true);
  });

  test("a peer's difference is relative, and NaN never agrees", () => {
    expect(relativeDifference(Float32Array.of(3, 4), Float32Array.of(3, 4.5))).toBeCloseTo(0.1, 6);
    expect(relativeDifference(Float32Array.of(1), Float32Array.of(1, 2))).toBe(Number.POSITIVE_INFINITY);
    expect(relativeDifference(Float32Array.of(1), Float32Array.of(Number.NaN))).toBeNaN();
  });

  test("a run's time is told by several samples, promises awaited", async () => {
    const wait = () => new Promise((done) => setTimeout(done, 5));
    const { seconds, runs } = await timed(wait, 0.05);
    expect(seconds).toBeGreaterThan(0.004);
    expect(runs).toBeGreaterThanOrEqual(3);
  });
});

describe("what is told", () => {
  const [benchCase] = cases;
  const implementations = peers.slice(0, 2).map((peer) => ({ peer, threads: 1 }));

  test("the limit is the slowest part", () => {
    expect(limitOf({ operations: 1e9, copyBytes: 4096 }, ceiling)).toBeCloseTo(0.02, 9);
    expect(limitOf({ copyBytes: 4096 }, ceiling)).toBe(1e-7);
  });

  test("the ceiling can be measured in WebAssembly", async () => {
    const { gigaflops, read, copy } = await probeInWebAssembly({ read: [4096], copy: [8192] });
    expect(gigaflops).toBeGreaterThan(0.5);
    expect(read[4096]).toBeGreaterThan(0);
    expect(copy[8192]).toBeGreaterThan(0);
  });

  test("rows give median, spread and share, or the reason why not; table and page show both", () => {
    const measurement = new Measurement();
    for (const seconds of [2e-3, 1e-3, 4e-3]) measurement.add(benchCase, implementations[0], seconds, 9);
    measurement.add(benchCase, implementations[1], 1e-3, 9);
    measurement.refuse(benchCase, implementations[1], "another <result>");
    const rows = implementations.map((implementation) => measurement.row(benchCase, implementation, ceiling));
    expect(rows[0]).toMatchObject({ median: 2, unit: "ms", spread: 1.5, turns: 3, threads: 1 });
    expect(rows[0].shareOfCeiling).toBeCloseTo((2 * 64 ** 3) / 50e9 / 2e-3, 9);
    expect(rows[1]).toMatchObject({ median: null, turns: 0, reason: "another <result>" });
    expect(measurement.isOpen(benchCase, implementations[0])).toBe(true);
    expect(measurement.isOpen(benchCase, implementations[1])).toBe(false);

    const table = tableOf(implementations, rows);
    expect(table).toContain("2.00");
    expect(table).toContain("—");

    const machine = { node: "v20", platform: "linux", arch: "x64" };
    const page = renderReport({ machine, versions: { a: "1" }, ceiling, turns: 3, seconds: 1, rows }, implementations);
    expect(page).toContain("<svg role=");
    expect(page).toContain("another &lt;result&gt;");
    expect(page).not.toMatch(/https?:\/\/(?!www\.w3\.org)|<script|<link/);
  });
});
