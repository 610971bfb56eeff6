import { LSTM } from "unrolled";

const stream = new LSTM({ inputSize: 128, hiddenSize: 128 }).stream();
const h = stream.push(new Float32Array(128));
if (h.length !== 128) throw new Error(`expected 128 numbers, got ${h.length}`);
