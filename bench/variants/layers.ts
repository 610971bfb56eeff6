/** The layers that are compared with the plain one of their kind, at one size, and what each is promised to cost at most. */
import { GRU, LSTM, MinGRU, MinLSTM, type Module, type PassOptions, Recurrence, RNN } from "unrolled";
import { WrittenLstm } from "./cell.ts";

export const sizes = { steps: 64, batch: 32, inputSize: 64, hiddenSize: 128 } as const;

const { inputSize, hiddenSize, steps, batch } = sizes;
const size = { inputSize, hiddenSize };

/** Spread evenly from one step to all of them, half of them on average, in no order. */
const lengths = Array.from({ length: batch }, (_, b) => {
  return 1 + Math.round(((steps - 1) * ((b * 13) % batch)) / (batch - 1));
});

export interface Entry {
  readonly name: string;
  readonly layer: () => Module;
  readonly options?: PassOptions;
  /** Of the plain layer's time. */
  readonly most?: number;
}

const OPTION = 1.3;
const HALF = 0.65;

/** Kind by kind, the plain layer first. */
export const kinds: readonly (readonly Entry[])[] = [
  [
    { name: "LSTM", layer: () => new LSTM(size) },
    { name: "peepholes", layer: () => new LSTM({ ...size, peepholes: true }), most: OPTION },
    { name: "projection to 64", layer: () => new LSTM({ ...size, projectionSize: 64 }), most: OPTION },
    { name: "projection to 128", layer: () => new LSTM({ ...size, projectionSize: 128 }), most: OPTION },
    { name: "coupled gates", layer: () => new LSTM({ ...size, coupledGates: true }), most: OPTION },
    { name: "layer norm", layer: () => new LSTM({ ...size, layerNorm: true }), most: OPTION },
    { name: "relu", layer: () => new LSTM({ ...size, activation: "relu" }), most: OPTION },
    { name: "gelu", layer: () => new LSTM({ ...size, activation: "gelu" }), most: OPTION },
    { name: "softplus", layer: () => new LSTM({ ...size, activation: "softplus" }), most: OPTION },
    { name: "recurrent dropout", layer: () => new LSTM({ ...size, recurrentDropout: 0.3 }), most: OPTION },
    { name: "weight drop", layer: () => new LSTM({ ...size, weightDrop: 0.5 }), most: OPTION },
    { name: "zoneout", layer: () => new LSTM({ ...size, zoneout: 0.1 }), most: OPTION },
    { name: "lengths of T − 1 and T", layer: () => new LSTM(size), options: nearlyFull(), most: OPTION },
    { name: "lengths of T/2 on average", layer: () => new LSTM(size), options: { lengths }, most: HALF },
    { name: "MinGRU instead", layer: () => new MinGRU(size), most: 0.5 },
    { name: "MinLSTM instead", layer: () => new MinLSTM(size) },
    { name: "a cell in TypeScript instead", layer: () => new Recurrence(new WrittenLstm(size)), most: 5 },
  ],
  [
    { name: "GRU", layer: () => new GRU(size) },
    { name: "reset before", layer: () => new GRU({ ...size, resetAfter: false }) },
    { name: "layer norm", layer: () => new GRU({ ...size, layerNorm: true }), most: OPTION },
    { name: "relu", layer: () => new GRU({ ...size, activation: "relu" }), most: OPTION },
    { name: "gelu", layer: () => new GRU({ ...size, activation: "gelu" }), most: OPTION },
    { name: "zoneout", layer: () => new GRU({ ...size, zoneout: 0.1 }), most: OPTION },
    { name: "lengths of T/2 on average", layer: () => new GRU(size), options: { lengths }, most: HALF },
  ],
  [
    { name: "RNN", layer: () => new RNN(size) },
    { name: "gelu", layer: () => new RNN({ ...size, activation: "gelu" }), most: OPTION },
    { name: "zoneout", layer: () => new RNN({ ...size, zoneout: 0.1 }), most: OPTION },
    { name: "lengths of T/2 on average", layer: () => new RNN(size), options: { lengths }, most: HALF },
  ],
];

function nearlyFull(): PassOptions {
  return { lengths: Array.from({ length: batch }, (_, b) => (b === 0 ? steps - 1 : steps)) };
}
