/** ONNX operators written with the library: attributes and tensors in ONNX's conventions in, its outputs out. */

import {
  activations,
  add,
  concat,
  crossEntropy,
  logSoftmax,
  matmul,
  mul,
  nllLoss,
  permute,
  softmax,
  type Tensor,
  tensor,
  transpose,
} from "../../src/index.ts";
import type { Numbers } from "../oracle/compare.ts";
import { numbers, toTensor } from "../pytorch/engine.ts";
import type { OnnxCase } from "./onnx-files.ts";
import { runRecurrent } from "./onnx-recurrent.ts";

/** An operator's outputs, as the node lists them; undefined where the operator has one we do not compute. */
type Operator = (test: OnnxCase) => (Numbers | undefined)[];

/** An operator from tensors to one tensor. */
function pure(f: (inputs: Tensor[], attributes: Record<string, number>) => Tensor): Operator {
  return ({ inputs, attributes }) => {
    const tensors = inputs.filter((input) => input !== undefined).map((input) => toTensor(input));
    return [numbers(f(tensors, attributes as Record<string, number>))];
  };
}

/** [N, C, d1, …] → [N, d1, …, C]: our classes are the last axis. */
function classesLast(x: Tensor): Tensor {
  const axes = x.shape.map((_, axis) => axis);
  return permute(x, [0, ...axes.slice(2), 1]);
}

/** [N, d1, …, C] → [N, C, d1, …] */
function classesSecond(x: Tensor): Tensor {
  const axes = x.shape.map((_, axis) => axis);
  return permute(x, [0, x.shape.length - 1, ...axes.slice(1, -1)]);
}

function classLoss(loss: typeof crossEntropy, { inputs: [x, targets, weight], attributes }: OnnxCase): Tensor {
  return loss(classesLast(toTensor(x!)), toTensor(targets!), {
    weight: weight && toTensor(weight),
    ignoreIndex: attributes.ignore_index as number | undefined,
    reduction: (attributes.reduction ?? "mean") as "mean" | "sum" | "none",
  });
}

export const OPERATORS: Record<string, Operator> = {
  LSTM: (test) => runRecurrent("LSTM", test),
  GRU: (test) => runRecurrent("GRU", test),
  RNN: (test) => runRecurrent("RNN", test),

  Sigmoid: pure(([x]) => activations.sigmoid(x)),
  Tanh: pure(([x]) => activations.tanh(x)),
  Relu: pure(([x]) => activations.relu(x)),
  LeakyRelu: pure(([x], { alpha = 0.01 }) => activations.leakyRelu(x, { negativeSlope: alpha })),
  Elu: pure(([x], { alpha = 1 }) => activations.elu(x, { alpha })),
  Softplus: pure(([x]) => activations.softplus(x)),
  Gelu: ({ inputs, attributes: { approximate = "none" } }) => [
    numbers(activations.gelu(toTensor(inputs[0]!), { approximate: approximate as "none" | "tanh" })),
  ],
  Swish: pure(([x], { alpha = 1 }) =>
    alpha === 1 ? activations.silu(x) : mul(x, activations.sigmoid(mul(x, tensor(alpha)))),
  ),

  Gemm: pure(([a, b, c], { alpha = 1, beta = 1, transA = 0, transB = 0 }) => {
    const product = matmul(transA ? transpose(a, 0, 1) : a, transB ? transpose(b, 0, 1) : b);
    const scaled = mul(product, tensor(alpha));
    return c ? add(scaled, mul(c, tensor(beta))) : scaled;
  }),
  MatMul: pure(([a, b]) => matmul(a, b)),
  Concat: pure((inputs, { axis }) => concat(inputs, axis)),
  Transpose: ({ inputs, attributes }) => {
    const x = toTensor(inputs[0]!);
    const reversed = x.shape.map((_, axis) => x.shape.length - 1 - axis);
    return [numbers(permute(x, (attributes.perm as number[] | undefined) ?? reversed))];
  },
  Softmax: pure(([x], { axis = -1 }) => softmax(x, axis)),
  LogSoftmax: pure(([x], { axis = -1 }) => logSoftmax(x, axis)),

  NegativeLogLikelihoodLoss: (test) => [numbers(classLoss(nllLoss, test))],
  SoftmaxCrossEntropyLoss: (test) => [
    numbers(classLoss(crossEntropy, test)),
    numbers(classesSecond(logSoftmax(classesLast(toTensor(test.inputs[0]!))))),
  ],
};
