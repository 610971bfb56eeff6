import { activations } from "unrolled";

const y = activations.sigmoid(new Float32Array(1024));
if (y[1023] !== 0.5) throw new Error(`expected 0.5, got ${y[1023]}`);
