import { runtimeInfo } from "unrolled";
import { activationKinds, loadKernels } from "../kernels.ts";
import { type Inputs, transposed } from "./inputs.ts";
import { packageVersion } from "./packages.ts";
import { type Peer, type Prepared, unsupported } from "./peer.ts";
import type { MapWork, MatmulWork } from "./workloads.ts";

/** Numbers between two blocks, so that they do not compete for the same lines of the cache. */
const GAP = 80;

/** Blocks of numbers, one behind the other, in an engine that runs nothing else. */
function blocks(sizes: readonly number[]) {
  const loaded = loadKernels(sizes.reduce((sum, size) => sum + size + GAP + 16, 0));
  let next = loaded.start;
  const addresses = sizes.map((size) => {
    const address = next;
    next += Math.ceil((size + GAP) / 16) * 64;
    return address;
  });
  const floats = (address: number, size: number) => new Float32Array(loaded.memory.buffer, address, size);
  return { kernels: loaded.kernels, addresses, floats };
}

function prepareMatmul({ m, k, n, fixed }: MatmulWork, inputs: Inputs): Prepared {
  const { kernels } = loadKernels(0);
  const workspace = Math.max(kernels.gemmWorkspaceSize(m, n, k), kernels.gemmPackedWorkspaceSize(m, k));
  const made = blocks([m * k, k * n, m * n, workspace, kernels.panelsSize(n, k)]);
  const [a, b, c, work, panels] = made.addresses as [number, number, number, number, number];
  made.floats(a, m * k).set(inputs.floats("a"));
  const right = inputs.floats("b");
  made.floats(b, k * n).set(fixed ? transposed(right, k, n) : right);
  if (fixed) made.kernels.packTransposed(b, n, k, panels);
  const run = fixed
    ? () => made.kernels.gemmPacked(a, k, 1, panels, c, n, m, n, k, 0, work)
    : () => made.kernels.gemm(a, k, 1, b, n, 1, c, n, m, n, k, 0, work);
  return { run, result: () => [computed(run, made.floats(c, m * n))] };
}

function prepareMap(work: MapWork, inputs: Inputs): Prepared {
  const x = inputs.floats("x");
  const { kernels, addresses, floats } = blocks([x.length, x.length]);
  const [from, to] = addresses as [number, number];
  floats(from, x.length).set(x);
  const slot = kernels.activationForwardSlot(activationKinds[work.function]);
  const run = () => kernels.activationForward(slot, from, to, x.length, 0);
  return { run, result: () => [computed(run, floats(to, x.length))] };
}

function computed(run: () => void, values: Float32Array): Float32Array {
  run();
  return values.slice();
}

/**
 * The kernels of this library alone, called on memory that is ready: what a recurrent layer pays inside its pass, and
 * what a loop over tensors pays beside the rest.
 */
export function startUnrolledKernel(): Promise<Peer> {
  const nothing = unsupported("stands for products and maps only");
  return Promise.resolve({
    version: packageVersion("unrolled"),
    details: `${runtimeInfo().build} build, its kernels alone`,
    matmul: prepareMatmul,
    map: prepareMap,
    stream: nothing,
    sequence: nothing,
    training: nothing,
  });
}
