import { describe, expect, test } from "vitest";
import { randomNumbers, randomVector } from "../oracle/random.ts";
import { builds, lengths, loadEngine } from "./engine.ts";

describe.each(builds)("%s", (build) => {
  const engine = loadEngine(build);
  const { kernels } = engine;
  const indices = [4, 0, 2, 4, 4, 1, 0];

  test.each(lengths)("rows of %i numbers", (width) => {
    const next = randomNumbers(width);
    const table = engine.floats(randomVector(next, 5 * width));
    const at = engine.integers(indices);
    const y = engine.floats(indices.length * width);
    kernels.gatherRows(table.address, at, y.address, indices.length, width);
    const rows = indices.flatMap((index) => [...table.values.slice(index * width, (index + 1) * width)]);
    expect([...y.values]).toEqual(rows);

    // Equal indices add up, in the order of the rows, on top of what was there; columns can be taken apart.
    const expected = Float32Array.from(table.values);
    indices.forEach((index, row) => {
      for (let j = 0; j < width; j++) expected[index * width + j] += y.values[row * width + j];
    });
    const left = Math.floor(width / 3);
    kernels.scatterAddRows(y.address, at, table.address, indices.length, width, left);
    const rest = left * 4;
    kernels.scatterAddRows(y.address + rest, at, table.address + rest, indices.length, width, width - left);
    expect(table.values).toEqual(expected);
    engine.release();
  });
});
