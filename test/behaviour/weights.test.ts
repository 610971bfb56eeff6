/** Weights in files: whole ones come back bit by bit, damaged ones change nothing. */
import {
  decodeSafetensors,
  Embedding,
  encodeSafetensors,
  GRU,
  LifetimeError,
  Linear,
  LSTM,
  Module,
  mul,
  Parameter,
  RNN,
  Sequential,
  seed,
  type Tensor,
  tensor,
  WeightsError,
} from "unrolled";
import { beforeEach, describe, expect, test } from "vitest";
import { inScope } from "../../src/autograd/noGrad.ts";
import { testRefusals } from "./refusals.ts";

class Model extends Module {
  embed = new Embedding({ count: 3, size: 2 });
  lstm = new LSTM({ inputSize: 2, hiddenSize: 2, bidirectional: true, peepholes: true });
  blocks = [new GRU({ inputSize: 4, hiddenSize: 1 }), new RNN({ inputSize: 1, hiddenSize: 1, bias: false })];
  head = new Sequential(new Linear({ inputSize: 1, outputSize: 2, bias: false }));
  override forward(x: Tensor): Tensor {
    return x;
  }
}

/** A file made by hand: this header, and as many bytes of numbers. */
function file(header: unknown, bytes = 0): Uint8Array {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const out = new Uint8Array(8 + text.length + bytes);
  new DataView(out.buffer).setBigUint64(0, BigInt(text.length), true);
  out.set(text, 8);
  return out;
}

const entry = (shape: number[], from: number, to: number, dtype = "F32"): object => ({
  dtype,
  shape,
  data_offsets: [from, to],
});

beforeEach(() => seed(4));

describe("a whole file", () => {
  test("gives back the same bits, under PyTorch's names", () => {
    const [a, b] = [new Model(), new Model()];
    a.embed.weight.set([0, -0, Number.NaN, Number.POSITIVE_INFINITY, 1e-45, -3.4e38]);
    const bytes = a.save();
    expect(b.save()).not.toEqual(bytes);
    b.load(bytes);
    expect(b.save()).toEqual(bytes);
    expect(Object.keys(a.stateDict())).toEqual([
      "embed.weight",
      ...["", "_reverse"].flatMap((end) =>
        ["weight_ih", "weight_hh", "bias_ih", "bias_hh"].map((name) => `lstm.${name}_l0${end}`),
      ),
      "lstm.weight_peephole_l0",
      "lstm.weight_peephole_l0_reverse",
      "blocks.0.weight_ih_l0",
      "blocks.0.weight_hh_l0",
      "blocks.0.bias_ih_l0",
      "blocks.0.bias_hh_l0",
      "blocks.1.weight_ih_l0",
      "blocks.1.weight_hh_l0",
      "head.0.weight",
    ]);
  });

  test("may begin anywhere in a buffer", () => {
    const a = new Model();
    const bytes = a.save();
    for (const offset of [1, 2, 3, 4, 8]) {
      const shifted = new Uint8Array(bytes.length + offset + 5).subarray(offset, offset + bytes.length);
      shifted.set(bytes);
      const b = new Model();
      b.load(shifted);
      expect(b.save()).toEqual(bytes);
    }
  });

  test("may be a Buffer, as Node reads files", () => {
    const a = new Model();
    const pool = Buffer.concat([Buffer.from("x"), Buffer.from(a.save()), Buffer.from("y")]);
    const b = new Model();
    b.load(pool.subarray(1, -1));
    expect(b.save()).toEqual(a.save());
  });

  test("carries texts and integers along", () => {
    const tokens = tensor(Int32Array.of(-1, 2 ** 31 - 1));
    const { tensors, metadata } = decodeSafetensors(
      encodeSafetensors({ tokens, none: tensor([], [0, 3]) }, { made: "ß 'by' hand" }),
    );
    expect(metadata).toEqual({ made: "ß 'by' hand" });
    expect(tensors.tokens.dtype).toBe("int32");
    expect(tensors.tokens.toArray()).toEqual(tokens.toArray());
    expect(tensors.none.shape).toEqual([0, 3]);
  });

  test("may list its tensors in another order than their numbers lie in", () => {
    const bytes = file({ b: entry([1], 4, 8), a: entry([1], 0, 4) }, 8);
    bytes.set(new Uint8Array(Float32Array.of(1, 2).buffer), bytes.length - 8);
    const { tensors } = decodeSafetensors(bytes);
    expect([tensors.a.item(), tensors.b.item()]).toEqual([1, 2]);
  });

  test("a state dict is a copy", () => {
    const model = new Linear({ inputSize: 1, outputSize: 1 });
    const state = model.stateDict();
    model.weight.set([7]);
    expect(state.weight.item()).not.toBe(7);
    model.loadStateDict(state);
    expect(model.weight.item()).toBe(state.weight.item());
  });
});

test("parameters and modules are found in arrays, and beside the links of a Sequential", () => {
  class Scales extends Module {
    scales = [new Parameter([1]), new Parameter([2])];
    override forward(x: Tensor): Tensor {
      return x;
    }
  }
  class Network extends Sequential {
    side = [new Scales()];
  }
  const model = new Network(new Linear({ inputSize: 1, outputSize: 1, bias: false }));
  const names = ["0.weight", "side.0.scales.0", "side.0.scales.1"];
  expect(model.namedParameters().map(([name]) => name)).toEqual(names);
  expect(Object.keys(model.stateDict())).toEqual(names);
  expect(model.eval().side[0]!.training).toBe(false);
});

test("a state dict with a tensor that is dead, or is none, changes nothing", () => {
  const model = new Linear({ inputSize: 1, outputSize: 1 });
  const before = model.save();
  const weight = tensor([[7]]);
  const dead = inScope(() => mul(tensor([7]), 1));
  expect(() => model.loadStateDict({ weight, bias: dead })).toThrow(LifetimeError);
  expect(() => model.loadStateDict({ weight, bias: [7] as never })).toThrow(WeightsError);
  expect(model.save()).toEqual(before);
});

/** Loading throws WeightsError, and every parameter keeps its bits. */
function expectRefused(model: Module, bytes: Uint8Array, what: string): void {
  const before = model.save();
  let thrown: unknown;
  try {
    model.load(bytes);
  } catch (error) {
    thrown = error;
  }
  expect(thrown, what).toBeInstanceOf(WeightsError);
  expect(model.save(), what).toEqual(before);
}

describe("a damaged file changes nothing", () => {
  test("cut off at every byte", () => {
    const model = new Model();
    const bytes = new Model().save();
    for (let length = 0; length < bytes.length; length++)
      expectRefused(model, bytes.subarray(0, length), `${length} bytes`);
  });

  test("with bytes after its end", () => {
    const bytes = new Model().save();
    const longer = new Uint8Array(bytes.length + 4);
    longer.set(bytes);
    expectRefused(new Model(), longer, "four bytes more");
  });

  test("with any one byte of its header changed, it is refused or still means the same", () => {
    const model = new Linear({ inputSize: 2, outputSize: 1 });
    const bytes = new Linear({ inputSize: 2, outputSize: 1 }).save();
    const headerEnd = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
    const before = model.save();
    for (let at = 0; at < headerEnd; at++) {
      for (const flip of [0x01, 0x10, 0x80]) {
        const damaged = bytes.slice();
        damaged[at] ^= flip;
        try {
          model.load(damaged);
        } catch (error) {
          expect(error, `byte ${at}`).toBeInstanceOf(WeightsError);
          expect(model.save(), `byte ${at}`).toEqual(before);
          continue;
        }
        expect(model.save(), `byte ${at}`).toEqual(bytes);
        model.load(before);
      }
    }
  });
});

describe("a file that is no safetensors file", () => {
  const decode = (bytes: Uint8Array) => (): unknown => decodeSafetensors(bytes);
  const hugeHeader = new Uint8Array(16).fill(0xff);
  testRefusals([
    ["nothing", decode(new Uint8Array(0)), WeightsError, /at least 8 bytes, got 0/],
    [
      "a header longer than the file",
      decode(hugeHeader),
      WeightsError,
      /expected a header of .* bytes, got a file of 16/,
    ],
    ["a header that is no JSON", decode(file("{not json")), WeightsError, /expected a JSON header/],
    [
      "a header that is no text",
      decode(Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xfe)),
      WeightsError,
      /expected a JSON header/,
    ],
    ["a list as header", decode(file("[1]")), WeightsError, /expected a JSON object/],
    ["null as header", decode(file("null")), WeightsError, /expected a JSON object/],
    ["an entry that is null", decode(file({ w: null })), WeightsError, /safetensors w: expected type F32, I32 or I64/],
    ["an entry that is a number", decode(file({ w: 3 })), WeightsError, /safetensors w: expected type F32, I32 or I64/],
    [
      "another type",
      decode(file({ w: entry([2], 0, 4, "F16") }, 4)),
      WeightsError,
      /safetensors w: expected type F32, I32 or I64, got F16/,
    ],
    ["an inherited type", decode(file({ w: entry([1], 0, 4, "toString") }, 4)), WeightsError, /got toString/],
    [
      "a shape that is none",
      decode(file({ w: { ...entry([1], 0, 4), shape: "1" } }, 4)),
      WeightsError,
      /safetensors w: expected a shape, got "1"/,
    ],
    [
      "a negative axis",
      decode(file({ w: entry([-1], 0, 4) }, 4)),
      WeightsError,
      /safetensors w: expected a shape, got \[-1\]/,
    ],
    [
      "offsets that are none",
      decode(file({ w: { dtype: "F32", shape: [1] } }, 4)),
      WeightsError,
      /safetensors w: expected two offsets/,
    ],
    [
      "three offsets",
      decode(file({ w: { ...entry([1], 0, 4), data_offsets: [0, 4, 8] } }, 4)),
      WeightsError,
      /expected two offsets/,
    ],
    ["a negative offset", decode(file({ w: entry([1], -4, 0) }, 4)), WeightsError, /expected two offsets/],
    ["half an offset", decode(file({ w: entry([1], 0.5, 4.5) }, 8)), WeightsError, /expected two offsets/],
    [
      "offsets the wrong way round",
      decode(file({ w: entry([1], 4, 0) }, 4)),
      WeightsError,
      /safetensors w: expected 4 bytes/,
    ],
    ["offsets beyond the end", decode(file({ w: entry([2], 0, 8) }, 4)), WeightsError, /safetensors w: .*of 4/],
    [
      "offsets that do not fit the shape",
      decode(file({ w: entry([3], 0, 8) }, 8)),
      WeightsError,
      /safetensors w: expected 12 bytes for \[3\]/,
    ],
    [
      "a shape larger than any file",
      decode(file({ w: entry([2 ** 50, 2 ** 50], 0, 4) }, 4)),
      WeightsError,
      /safetensors w: /,
    ],
    [
      "numbers after the last tensor",
      decode(file({ w: entry([1], 0, 4) }, 8)),
      WeightsError,
      /expected 4 bytes of numbers, got 8/,
    ],
    ["numbers before the first tensor", decode(file({ w: entry([1], 4, 8) }, 8)), WeightsError, /safetensors/],
    [
      "a gap between tensors",
      decode(file({ a: entry([1], 0, 4), b: entry([1], 8, 12) }, 12)),
      WeightsError,
      /safetensors/,
    ],
    [
      "tensors that overlap",
      decode(file({ a: entry([2], 0, 8), b: entry([2], 4, 12) }, 12)),
      WeightsError,
      /safetensors/,
    ],
    [
      "tensors on the same numbers",
      decode(file({ a: entry([1], 0, 4), b: entry([1], 0, 4) }, 4)),
      WeightsError,
      /safetensors/,
    ],
    ["texts that are no texts", decode(file({ __metadata__: { epoch: 3 } })), WeightsError, /__metadata__/],
    ["texts that are a list", decode(file({ __metadata__: ["a"] })), WeightsError, /__metadata__/],
    [
      "a tensor with the name of the texts",
      () => encodeSafetensors({ __metadata__: tensor(1) }),
      WeightsError,
      /__metadata__/,
    ],
  ]);
});

describe("a file of another model", () => {
  const model = new Linear({ inputSize: 2, outputSize: 1 });
  const weight = tensor([[1, 2]]);
  const bias = tensor([3]);
  const before = model.save();
  const load = (tensors: Record<string, Tensor>) => (): void => model.load(encodeSafetensors(tensors));
  testRefusals([
    ["a name missing", load({ weight }), WeightsError, /missing bias/],
    ["a name unknown", load({ weight, bias, scale: bias }), WeightsError, /unknown scale/],
    ["both", load({ weight, offset: bias }), WeightsError, /missing bias; unknown offset/],
    [
      "another shape",
      load({ weight: tensor([[1], [2]]), bias }),
      WeightsError,
      /weights weight: expected float32 \[1, 2\], got float32 \[2, 1\]/,
    ],
    [
      "another shape in the last tensor",
      load({ weight, bias: tensor([1, 2]) }),
      WeightsError,
      /weights bias: .*\[1\].*\[2\]/,
    ],
    [
      "integers",
      load({ weight, bias: tensor(Int32Array.of(1)) }),
      WeightsError,
      /weights bias: expected float32 \[1\], got int32 \[1\]/,
    ],
  ]);

  test("leaves every bit as it was", () => {
    expect(model.save()).toEqual(before);
    expect(() => model.loadStateDict({ weight, bias: tensor([1, 2]) })).toThrow(WeightsError);
    expect(() => model.loadStateDict({ weight })).toThrow(WeightsError);
    expect(model.save()).toEqual(before);
  });
});
