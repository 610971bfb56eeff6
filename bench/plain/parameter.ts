/** A named block of weights with the gradient of the loss with respect to it. */
export interface PlainParameter {
  /** The name that the library's state dictionary gives the same weights. */
  readonly name: string;
  readonly value: Float32Array;
  readonly gradient: Float32Array;
}

export function plainParameter(name: string, size: number): PlainParameter {
  return { name, value: new Float32Array(size), gradient: new Float32Array(size) };
}
