/** Timing by a clock that goes forward in steps, as that of a page does. */
import { afterEach, expect, test, vi } from "vitest";
import { timed } from "../../bench/peers/timing.ts";

afterEach(() => vi.restoreAllMocks());

/** A clock of this resolution, and a run that takes so long by it; both in milliseconds. */
function coarse(resolution: number, length: number) {
  let time = 0;
  let calls = 0;
  vi.spyOn(performance, "now").mockImplementation(() => Math.floor(time / resolution) * resolution);
  return () => {
    // What would never end is ended.
    if (++calls > 50_000_000) throw new Error("expected an end, got none");
    time += length;
  };
}

test.each([
  [0.1, 0.0006],
  [0.1, 0.03],
  [0.005, 0.0006],
  [1, 0.02],
  [0.001, 3],
])("a clock of %f ms finds a run of %f ms to a tenth", async (resolution, length) => {
  const { seconds } = await timed(coarse(resolution, length), 0.2);
  expect(Math.abs(seconds * 1000 - length)).toBeLessThan(length / 10);
});
