import { Inputs } from "./inputs.ts";
import type { Case, MapWork, MatmulWork, SequenceWork, StreamWork, TrainingWork } from "./workloads.ts";

/** One case, ready to be timed. */
export interface Prepared {
  /** Does the work once; what it returns is awaited when it is a promise. */
  run(): unknown;
  /**
   * Does the work and tells what it computes: the product, the map, CHECKED_STEPS outputs of a stream, the outputs of a
   * sequence; for training the loss of one step and then the learned weights after it, without the two biases of the
   * recurrent layer, which some keep as one. A peer with an optimizer of its own gives the loss alone.
   */
  result(): Float32Array[] | Promise<Float32Array[]>;
  /** The GRU's reset gate comes before the product here. */
  resetBefore?: boolean;
  /** Largest relative difference that is allowed, where it is not the case's. */
  tolerance?: number;
  /** What to know when reading the figure. */
  note?: string;
}

type Preparation<W> = (work: W, inputs: Inputs) => Prepared | Promise<Prepared>;

/** A library in its own process. Preparing throws Unsupported where it has nothing of the kind. */
export interface Peer {
  readonly version: string;
  /** Build, backend or linear algebra inside. */
  readonly details?: string;
  readonly matmul: Preparation<MatmulWork>;
  readonly map: Preparation<MapWork>;
  readonly stream: Preparation<StreamWork>;
  readonly sequence: Preparation<SequenceWork>;
  readonly training: Preparation<TrainingWork>;
}

/** What a module of a peer exports: loads the library for that many threads. */
export type StartPeer = (threads: number) => Promise<Peer>;

/** This peer has no way to do that work; the message says why. */
export class Unsupported extends Error {
  override name = "Unsupported";
}

export function unsupported(reason: string): () => never {
  return () => {
    throw new Unsupported(reason);
  };
}

/** Makes a case ready in a peer. */
export function prepare(peer: Peer, { work, inputs }: Case): Prepared | Promise<Prepared> {
  const drawn = new Inputs(inputs);
  switch (work.kind) {
    case "matmul":
      return peer.matmul(work, drawn);
    case "map":
      return peer.map(work, drawn);
    case "stream":
      return peer.stream(work, drawn);
    case "sequence":
      return peer.sequence(work, drawn);
    case "training":
      return peer.training(work, drawn);
    default:
      throw new Error("no such work");
  }
}
