import { addColumnSums, addMatmul, addProductTransposed, addTransposedProduct, fillRows } from "./matrix.ts";
import { type PlainParameter, plainParameter } from "./parameter.ts";

export interface RecurrentSizes {
  steps: number;
  batch: number;
  inputSize: number;
  hiddenSize: number;
}

/**
 * One recurrent layer over a whole sequence, forward and back, all buffers made once. The products that do not depend
 * on the state (x·W_ihᵀ, dW_ih, dW_hh, dx) are done for all time steps at once; a cell adds only its gate arithmetic.
 */
export abstract class PlainRecurrent {
  readonly weightInput: PlainParameter; // [G, I]
  readonly weightHidden: PlainParameter; // [G, H]
  readonly biasInput: PlainParameter; // [G]
  readonly biasHidden: PlainParameter; // [G]
  readonly sizes: RecurrentSizes;
  readonly gateSize: number;

  /** [T + 1, B, H]: the zero state, then one hidden state a step. */
  protected readonly states: Float32Array;
  /** [T, B, G]: x's share of the gates, then whatever the cell saves, then the gradient of x's share. */
  protected readonly gates: Float32Array;
  /** [B, G]: the state's share of the gates, W_hh·h + b_hh, of the step at hand. */
  protected readonly hidden: Float32Array;
  readonly #dState: Float32Array; // [B, H]
  readonly #dInput: Float32Array; // [T, B, I]
  #input: Float32Array;

  constructor(sizes: RecurrentSizes, gates: number) {
    const { steps, batch, inputSize, hiddenSize } = sizes;
    this.sizes = sizes;
    this.gateSize = gates * hiddenSize;
    this.weightInput = plainParameter("layer.weight_ih_l0", this.gateSize * inputSize);
    this.weightHidden = plainParameter("layer.weight_hh_l0", this.gateSize * hiddenSize);
    this.biasInput = plainParameter("layer.bias_ih_l0", this.gateSize);
    this.biasHidden = plainParameter("layer.bias_hh_l0", this.gateSize);
    this.states = new Float32Array((steps + 1) * batch * hiddenSize);
    this.gates = new Float32Array(steps * batch * this.gateSize);
    this.hidden = new Float32Array(batch * this.gateSize);
    this.#dState = new Float32Array(batch * hiddenSize);
    this.#dInput = new Float32Array(steps * batch * inputSize);
    this.#input = this.#dInput;
  }

  get parameters(): PlainParameter[] {
    return [this.weightInput, this.weightHidden, this.biasInput, this.biasHidden];
  }

  /** x [T, B, I] → hidden states [T, B, H], from a zero state. */
  forward(x: Float32Array): Float32Array {
    const { steps, batch, inputSize, hiddenSize } = this.sizes;
    const { gateSize, gates, states, hidden } = this;
    const rows = steps * batch;
    this.#input = x;
    fillRows(gates, this.biasInput.value, rows);
    addProductTransposed(x, this.weightInput.value, gates, rows, inputSize, gateSize);
    const stateSize = batch * hiddenSize;
    for (let t = 0; t < steps; t++) {
      const previous = states.subarray(t * stateSize, (t + 1) * stateSize);
      fillRows(hidden, this.biasHidden.value, batch);
      addProductTransposed(previous, this.weightHidden.value, hidden, batch, hiddenSize, gateSize);
      this.cellForward(t);
    }
    return states.subarray(stateSize);
  }

  /** dOutput [T, B, H] → dx [T, B, I]; the parameters' gradients grow. Call once after each forward. */
  backward(dOutput: Float32Array): Float32Array {
    const { steps, batch, inputSize, hiddenSize } = this.sizes;
    const { gateSize, gates, states } = this;
    const dState = this.#dState.fill(0);
    const stateSize = dState.length;
    const dHidden = this.hiddenGradient();
    this.startBackward?.();
    for (let t = steps - 1; t >= 0; t--) {
      for (let i = 0; i < stateSize; i++) dState[i] += dOutput[t * stateSize + i];
      this.cellBackward(t, dState);
      const dHiddenStep = dHidden.subarray(t * batch * gateSize, (t + 1) * batch * gateSize);
      addMatmul(dHiddenStep, this.weightHidden.value, dState, batch, gateSize, hiddenSize);
    }
    const rows = steps * batch;
    addTransposedProduct(gates, this.#input, this.weightInput.gradient, rows, gateSize, inputSize);
    addTransposedProduct(dHidden, states, this.weightHidden.gradient, rows, gateSize, hiddenSize);
    addColumnSums(gates, this.biasInput.gradient, rows);
    addColumnSums(dHidden, this.biasHidden.gradient, rows);
    this.#dInput.fill(0);
    addMatmul(gates, this.weightInput.value, this.#dInput, rows, gateSize, inputSize);
    return this.#dInput;
  }

  /** One sample [I] in, the new hidden state [H] out; for a layer of one step and batch 1 that keeps its state. */
  push(sample: Float32Array): Float32Array {
    const { inputSize, hiddenSize } = this.sizes;
    const { gateSize, gates, states, hidden } = this;
    gates.set(this.biasInput.value);
    addProductTransposed(sample, this.weightInput.value, gates, 1, inputSize, gateSize);
    hidden.set(this.biasHidden.value);
    addProductTransposed(states, this.weightHidden.value, hidden, 1, hiddenSize, gateSize);
    this.cellForward(0);
    states.copyWithin(0, hiddenSize);
    this.keepState?.();
    return states.subarray(0, hiddenSize);
  }

  /** Gate arithmetic of step t: reads gates[t] and `hidden`, writes states[t + 1] and what the way back needs. */
  protected abstract cellForward(t: number): void;

  /** Turns gates[t] into the gradient of the gates; leaves in dState what reaches h[t - 1] other than through W_hh. */
  protected abstract cellBackward(t: number, dState: Float32Array): void;

  /** [T, B, G]: the gradient of the state's share of the gates; the same as x's share unless a cell tells them apart. */
  protected hiddenGradient(): Float32Array {
    return this.gates;
  }

  /** Runs before the first cellBackward, for gradients that flow along other paths than h. */
  protected startBackward?(): void;

  /** Runs after a pushed sample, for state other than h. */
  protected keepState?(): void;
}
