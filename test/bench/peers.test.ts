/** The comparison's workloads, without any peer: this library and plain JavaScript must compute the same from them. */
import { describe, expect, test } from "vitest";
import { relativeDifference } from "../../bench/peers/agreement.ts";
import { compileProbes } from "../../bench/peers/ceiling-probe.ts";
import { bytesOf, probeInWebAssembly } from "../../bench/peers/ceiling-wasm.ts";
import { compare, summaryOf } from "../../bench/peers/comparison.ts";
import { tableOf } from "../../bench/peers/console.ts";
import { Inputs, reordered, transposed } from "../../bench/peers/inputs.ts";
import { startJavascript } from "../../bench/peers/javascript.ts";
import { limitOf } from "../../bench/peers/limit.ts";
import { Measurement, type Row } from "../../bench/peers/measurement.ts";
import { onnxModel } from "../../bench/peers/onnx-model.ts";
import { type Peer, type Prepared, prepare } from "../../bench/peers/peer.ts";
import { type PeerDescription, type PeerName, peers } from "../../bench/peers/peers.ts";
import { perform } from "../../bench/peers/perform.ts";
import { renderReport } from "../../bench/peers/report.ts";
import { Session } from "../../bench/peers/session.ts";
import { timed } from "../../bench/peers/timing.ts";
import type { TakeTurn } from "../../bench/peers/turn.ts";
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
      const actual = await resultOf(await startUnrolled(1), benchCase);
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

function peerOf(name: PeerName): PeerDescription {
  return peers.find((peer) => peer.name === name) as PeerDescription;
}

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
  const implementations = [peerOf("unrolled"), peerOf("javascript")].map((peer) => ({ peer, threads: 1 }));

  test("the limit is the slowest part", () => {
    expect(limitOf({ operations: 1e9, copyBytes: 4096 }, ceiling)).toBeCloseTo(0.02, 9);
    expect(limitOf({ copyBytes: 4096 }, ceiling)).toBe(1e-7);
  });

  test("the ceiling can be measured in WebAssembly", async () => {
    const probes = { read: [4096], copy: [8192] };
    const { gigaflops, read, copy } = await probeInWebAssembly(await compileProbes(bytesOf(probes)), probes);
    expect(gigaflops).toBeGreaterThan(0.5);
    expect(read[4096]).toBeGreaterThan(0);
    expect(copy[8192]).toBeGreaterThan(0);
  });

  test("rows give median, spread and share, or the reason why not; table and page show both", () => {
    const measurement = new Measurement();
    for (const seconds of [2e-3, 1e-3, 4e-3]) measurement.add(benchCase, implementations[0], seconds);
    measurement.add(benchCase, implementations[1], 1e-3);
    measurement.refuse(benchCase, implementations[1], "another <result>");
    const rows = implementations.map((implementation) => measurement.row(benchCase, implementation, ceiling));
    expect(rows[0]).toMatchObject({ median: 2, unit: "ms", spread: 1.5, turns: 3, threads: 1 });
    expect(rows[0].shareOfCeiling).toBeCloseTo((2 * 64 ** 3) / 50e9 / 2e-3, 9);
    expect(rows[1]).toMatchObject({ median: null, turns: 0, reason: "another <result>" });
    expect(measurement.isOpen(benchCase, implementations[0])).toBe(true);
    expect(measurement.isOpen(benchCase, implementations[1])).toBe(false);

    const table = tableOf(implementations, rows);
    expect(table).toContain("2.00");
    expect(table).not.toContain("plain JavaScript");

    const machine = { host: "Node v20", platform: "linux", cores: 2 };
    const page = renderReport({ machine, versions: { a: "1" }, ceiling, turns: 3, seconds: 1, rows }, implementations);
    expect(page).toContain("<svg role=");
    expect(page).toContain("another &lt;result&gt;");
    expect(page).not.toMatch(/https?:\/\/(?!www\.w3\.org)|<script|<link/);
  });
});

describe("a session", () => {
  const [one, two, three] = cases.filter(({ work }) => work.kind === "matmul");
  const [unrolled, javascript] = [peerOf("unrolled"), peerOf("javascript")].map((peer) => ({ peer, threads: 1 }));

  /** Plain JavaScript as it is; the library as the test has it. */
  function sessionOf(library: TakeTurn): Session {
    return new Session((request, onMessage) =>
      request.peer === "unrolled" ? library(request, onMessage) : perform(request, onMessage),
    );
  }

  async function rowsOf(library: TakeTurn) {
    const session = sessionOf(library);
    const implementations = [unrolled, javascript];
    const steps: string[] = [];
    const onStep = (what: string) => steps.push(what);
    await session.measure({ cases: [one, two, three], implementations, turns: 2, seconds: 0.01, onStep });
    const turn = ["matmul, unrolled", "matmul, plain JavaScript"];
    expect(steps).toEqual([...turn, ...turn.toReversed()]);
    return [one, two, three].map((benchCase) => session.measurement.row(benchCase, unrolled, ceiling));
  }

  test("takes turns, and gives the library's figures where it agrees", async () => {
    const rows = await rowsOf(perform);
    expect(rows.map(({ turns }) => turns)).toEqual([2, 2, 2]);
  });

  test("refuses the case at which a process breaks down, and goes on with the others in another", async () => {
    const asked: number[] = [];
    const rows = await rowsOf(async (request, onMessage) => {
      asked.push(request.cases.length);
      for (const benchCase of request.cases) {
        if (benchCase === two) {
          onMessage({ kind: "started", version: "1" });
          throw new Error("its process failed: ended with SIGSEGV");
        }
        await perform({ ...request, cases: [benchCase] }, onMessage);
      }
    });
    expect(rows.map(({ turns }) => turns)).toEqual([2, 0, 2]);
    expect(rows[1].reason).toBe("its process failed: ended with SIGSEGV");
    expect(asked).toEqual([3, 1, 2]);
  });

  test("refuses everything when a process does not start", async () => {
    const rows = await rowsOf(() => Promise.reject(new Error("no such program")));
    expect(rows.map(({ reason }) => reason)).toEqual(Array(3).fill("no such program"));
  });

  test("tells the accuracy of weights of eight bits, which is their own", async () => {
    const benchCase = cases.find(({ work }) => work.kind === "stream" && work.hiddenSize === 256) as Case;
    const implementation = { peer: peerOf("unrolled-int8"), threads: 1 };
    const session = new Session(perform);
    const onStep = () => undefined;
    await session.measure({ cases: [benchCase], implementations: [implementation], turns: 1, seconds: 0.01, onStep });
    const { turns, note } = session.measurement.row(benchCase, implementation, { ...ceiling, read: { 524288: 1e-5 } });
    expect(turns).toBe(1);
    expect(note).toMatch(/^off by \d\.\d+ % at most$/);
  });

  test("refuses another result, NaN as well", async () => {
    for (const wrong of [1, Number.NaN]) {
      const rows = await rowsOf((request, onMessage) =>
        perform(request, (message) => {
          if (message.kind === "result" && message.case === two.name) message.arrays[0][7] += wrong;
          onMessage(message);
        }),
      );
      expect(rows.map(({ turns }) => turns)).toEqual([2, 0, 2]);
      expect(rows[1].reason).toMatch(/^another result: array 0 is off by (0\.\d+|NaN), allowed 0\.00001$/);
    }
  });
});

describe("a comparison", () => {
  const all = (["unrolled", "tfjs-wasm", "pytorch", "onnxruntime-node"] as const).map((name) => ({
    peer: peerOf(name),
    threads: 1,
  }));
  const medians = [
    [2, 6, 1, 4],
    [2, 3, 8, null],
  ];
  const rows = medians.flatMap((line, c) =>
    line.map(
      (median, i): Row => ({
        ...{ workload: "w", case: `case ${c}`, implementation: all[i].peer.name, threads: 1, unit: "ms", turns: 1 },
        ...{ median, shareOfCeiling: median && 0.5, spread: median && 0 },
      }),
    ),
  );

  test("sets the library beside the fastest of each kind", () => {
    const [first, second] = compare(rows, all);
    expect(first).toMatchObject({ portable: { title: "tfjs, wasm", ratio: 3 }, pytorch: { ratio: 0.5 } });
    expect(first.native).toEqual({ title: "ORT native", ratio: 2 });
    expect(second).toMatchObject({ portable: { ratio: 1.5 }, pytorch: { ratio: 4 } });
    expect(second.native).toBeUndefined();
  });

  test("tells the losses by name", () => {
    expect(summaryOf(compare(rows, all))).toEqual([
      "unrolled against the best JavaScript or WebAssembly peer: × 2.1 on average; 2 of 2 faster, 0 level, 0 slower",
      "unrolled against PyTorch, native: × 1.4 on average; 1 of 2 faster, 0 level, 1 slower: w case 0 × 0.50",
      "unrolled against ONNX Runtime, native: × 2.0 on average; 1 of 1 faster, 0 level, 0 slower",
    ]);
  });
});
