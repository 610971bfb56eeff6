import { matmul as engineMatmul, noGrad, tensor } from "unrolled";
import { matmul as plainMatmul } from "../plain/matrix.ts";
import { randomFloats, randomSource } from "../random.ts";
import { type Case, milliseconds, type Prepared, type Suite } from "../suite.ts";

const sizes = [64, 128, 256, 512];

function operands(n: number): [Float32Array, Float32Array] {
  const random = randomSource(n);
  return [randomFloats(random, n * n), randomFloats(random, n * n)];
}

function cases(prepare: (n: number) => Prepared): Case[] {
  return sizes.map((n) => ({
    name: `${n}×${n}×${n}`,
    unit: milliseconds,
    operations: 2 * n ** 3,
    prepare: () => prepare(n),
  }));
}

function prepareJavascript(n: number): Prepared {
  const [a, b] = operands(n);
  const c = new Float32Array(n * n);
  const run = () => plainMatmul(a, b, c, n, n, n);
  return {
    run,
    result: () => {
      run();
      return [c];
    },
  };
}

function prepareWasm(n: number): Prepared {
  const [left, right] = operands(n);
  const a = tensor(left, [n, n]);
  const b = tensor(right, [n, n]);
  return {
    run: () =>
      noGrad(() => {
        engineMatmul(a, b);
      }),
    result: () => [noGrad(() => engineMatmul(a, b).toArray() as Float32Array)],
  };
}

/** C = A·B of square matrices held as tensors (WASM) or typed arrays (JavaScript). */
export const matmulSuite: Suite = {
  workload: "matmul",
  cases: { javascript: () => cases(prepareJavascript), wasm: () => cases(prepareWasm) },
};
