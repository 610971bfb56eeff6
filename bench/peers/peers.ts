/** Everything that is compared. */

export type PeerName =
  | "unrolled"
  | "unrolled-int8"
  | "unrolled-kernel"
  | "javascript"
  | "tfjs-cpu"
  | "tfjs-wasm"
  | "jax-js"
  | "brain.js"
  | "onnxruntime-web"
  | "onnxruntime-node"
  | "pytorch";

export interface PeerDescription {
  readonly name: PeerName;
  readonly title: string;
  /** Package of bench/peers/package.json without which there is nothing to run. */
  readonly package?: string;
  /** Can be told how many threads to use. */
  readonly threads: boolean;
  readonly native: boolean;
  /** This library in one of its forms. */
  readonly own?: boolean;
  /** Runs in a page as well. */
  readonly page?: boolean;
  /** Can be told how many threads to use, in a page. */
  readonly pageThreads?: boolean;
}

const everywhere = { native: false, page: true } as const;

export const peers: readonly PeerDescription[] = [
  { name: "unrolled", title: "unrolled", threads: true, pageThreads: true, own: true, ...everywhere },
  { name: "unrolled-int8", title: "unrolled, int8", threads: false, own: true, ...everywhere },
  { name: "unrolled-kernel", title: "its kernel", threads: false, own: true, native: false },
  { name: "javascript", title: "plain JavaScript", threads: false, ...everywhere },
  { name: "tfjs-cpu", title: "tfjs, cpu", package: "@tensorflow/tfjs", threads: false, ...everywhere },
  {
    name: "tfjs-wasm",
    title: "tfjs, wasm",
    package: "@tensorflow/tfjs-backend-wasm",
    threads: false,
    pageThreads: true,
    ...everywhere,
  },
  { name: "jax-js", title: "jax-js, wasm", package: "@jax-js/jax", threads: false, ...everywhere },
  { name: "brain.js", title: "brain.js 2", package: "brain.js", threads: false, ...everywhere },
  {
    name: "onnxruntime-web",
    title: "ORT web",
    package: "onnxruntime-web",
    threads: true,
    pageThreads: true,
    ...everywhere,
  },
  { name: "onnxruntime-node", title: "ORT native", package: "onnxruntime-node", threads: true, native: true },
  { name: "pytorch", title: "PyTorch", threads: true, native: true },
];
