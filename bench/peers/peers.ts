/** Everything that is compared. */

export type PeerName =
  | "unrolled"
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
}

export const peers: readonly PeerDescription[] = [
  { name: "unrolled", title: "unrolled", threads: false, native: false },
  { name: "javascript", title: "plain JavaScript", threads: false, native: false },
  { name: "tfjs-cpu", title: "tfjs, cpu", package: "@tensorflow/tfjs", threads: false, native: false },
  { name: "tfjs-wasm", title: "tfjs, wasm", package: "@tensorflow/tfjs-backend-wasm", threads: false, native: false },
  { name: "jax-js", title: "jax-js, wasm", package: "@jax-js/jax", threads: false, native: false },
  { name: "brain.js", title: "brain.js 2", package: "brain.js", threads: false, native: false },
  { name: "onnxruntime-web", title: "ORT web", package: "onnxruntime-web", threads: true, native: false },
  { name: "onnxruntime-node", title: "ORT native", package: "onnxruntime-node", threads: true, native: true },
  { name: "pytorch", title: "PyTorch", threads: true, native: true },
];
