/** Reads ONNX's operator tests: a folder each, with model.onnx (one node) and test_data_set_0/{input,output}_N.pb. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import protobuf from "protobufjs";
import type { Numbers } from "../oracle/compare.ts";

const repository = fileURLToPath(new URL("../../", import.meta.url));

/** `${UNROLLED_DATA}/conformance/onnx-node`, or the data folder beside the repository. */
export const ONNX_TESTS = join(
  process.env.UNROLLED_DATA ?? join(repository, "../shared/data"),
  "conformance/onnx-node",
);

const schema = protobuf.parse(readFileSync(new URL("./onnx.proto", import.meta.url), "utf8"), { keepCase: true }).root;

/** A tensor of floats, or of integers held in an Int32Array. */
export interface OnnxTensor extends Numbers {
  readonly data: Float32Array | Int32Array;
}

export interface OnnxCase {
  readonly name: string;
  readonly operator: string;
  /** Attributes the node sets: numbers, text, or lists of them. */
  readonly attributes: Record<string, number | string | number[] | string[]>;
  /** As the node lists them; undefined where an optional input is left out. */
  readonly inputs: (OnnxTensor | undefined)[];
  /** As the node lists them; undefined where an optional output is not asked for. */
  readonly outputs: (OnnxTensor | undefined)[];
}

interface AttributeMessage {
  name: string;
  f?: number;
  i?: string;
  s?: Uint8Array;
  floats?: number[];
  ints?: string[];
  strings?: Uint8Array[];
}

interface NodeMessage {
  input?: string[];
  output?: string[];
  op_type: string;
  attribute?: AttributeMessage[];
}

interface TensorMessage {
  dims?: string[];
  data_type: number;
  float_data?: number[];
  int32_data?: number[];
  int64_data?: string[];
  raw_data?: Uint8Array;
}

/** Names of all the test folders there are, in order; none when the data is not there. */
export function onnxTestNames(): string[] {
  if (!existsSync(ONNX_TESTS)) return [];
  return readdirSync(ONNX_TESTS)
    .filter((name) => name.startsWith("test_"))
    .sort();
}

/** The operator a test is about, without reading its tensors. */
export function operatorOf(name: string): string {
  return readNode(name).op_type;
}

export function readOnnxCase(name: string): OnnxCase {
  const node = readNode(name);
  return {
    name,
    operator: node.op_type,
    attributes: Object.fromEntries(
      (node.attribute ?? []).map((attribute) => [attribute.name, attributeValue(attribute)]),
    ),
    inputs: readTensors(name, "input", node.input ?? []),
    outputs: readTensors(name, "output", node.output ?? []),
  };
}

function readNode(name: string): NodeMessage {
  const model = decode<{ graph: { node: NodeMessage[] } }>("ModelProto", join(ONNX_TESTS, name, "model.onnx"));
  const [node, ...others] = model.graph.node;
  if (!node || others.length > 0) throw new Error(`${name}: ${model.graph.node.length} nodes, where one was expected`);
  return node;
}

function decode<Message>(type: string, path: string): Message {
  const message = schema.lookupType(`onnx.${type}`);
  return message.toObject(message.decode(readFileSync(path)), { longs: String }) as Message;
}

/** Files number only the tensors that are present, in order. */
function readTensors(test: string, kind: "input" | "output", names: string[]): (OnnxTensor | undefined)[] {
  let next = 0;
  return names.map((name) => {
    if (name === "") return undefined;
    const path = join(ONNX_TESTS, test, "test_data_set_0", `${kind}_${next}.pb`);
    next += 1;
    return tensorOf(decode<TensorMessage>("TensorProto", path), `${test} ${kind} ${name}`);
  });
}

function tensorOf(message: TensorMessage, what: string): OnnxTensor {
  const { dims = [], data_type: type, raw_data: raw } = message;
  // A copy, for typed arrays need their own alignment.
  const bytes = raw && raw.length > 0 ? new Uint8Array(raw).buffer : undefined;
  const shape = dims.map(Number);
  switch (type) {
    case 1:
      return { shape, data: bytes ? new Float32Array(bytes) : Float32Array.from(message.float_data ?? []) };
    case 6:
      return { shape, data: bytes ? new Int32Array(bytes) : Int32Array.from(message.int32_data ?? []) };
    case 7: {
      const values = bytes ? [...new BigInt64Array(bytes)] : (message.int64_data ?? []);
      return { shape, data: Int32Array.from(values, Number) };
    }
    case 11:
      return { shape, data: bytes ? Float32Array.from(new Float64Array(bytes)) : new Float32Array(0) };
    default:
      throw new Error(`${what}: data type ${type} is not read here`);
  }
}

function attributeValue({
  name,
  f,
  i,
  s,
  floats,
  ints,
  strings,
}: AttributeMessage): number | string | number[] | string[] {
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (f !== undefined) return f;
  if (i !== undefined) return Number(i);
  if (s !== undefined) return text(s);
  if (floats) return floats;
  if (ints) return ints.map(Number);
  if (strings) return strings.map(text);
  // proto3 does not write a number that is zero.
  if (name) return 0;
  throw new Error("an attribute without a name");
}
