/** ONNX models of one node, written in code. Field numbers are ONNX's own. */
import protobuf from "protobufjs";

const FLOAT = 1;
/** The first version of the operators that has Gelu, and the format that belongs to it. */
const FORMAT_VERSION = 9;
const OPERATORS_VERSION = 20;

function message(fields: Record<string, [number, string, "repeated"?]>) {
  return {
    fields: Object.fromEntries(
      Object.entries(fields).map(([name, [id, type, rule]]) => [name, { id, type, ...(rule ? { rule } : {}) }]),
    ),
  };
}

const schema = protobuf.Root.fromJSON({
  nested: {
    Tensor: message({
      dims: [1, "int64", "repeated"],
      dataType: [2, "int32"],
      name: [8, "string"],
      rawData: [9, "bytes"],
    }),
    Attribute: message({ name: [1, "string"], i: [3, "int64"], type: [20, "int32"] }),
    Node: message({
      input: [1, "string", "repeated"],
      output: [2, "string", "repeated"],
      opType: [4, "string"],
      attribute: [5, "Attribute", "repeated"],
    }),
    Dimension: message({ dimValue: [1, "int64"] }),
    Shape: message({ dim: [1, "Dimension", "repeated"] }),
    TensorType: message({ elemType: [1, "int32"], shape: [2, "Shape"] }),
    Type: message({ tensorType: [1, "TensorType"] }),
    ValueInfo: message({ name: [1, "string"], type: [2, "Type"] }),
    Graph: message({
      node: [1, "Node", "repeated"],
      name: [2, "string"],
      initializer: [5, "Tensor", "repeated"],
      input: [11, "ValueInfo", "repeated"],
      output: [12, "ValueInfo", "repeated"],
    }),
    OperatorSet: message({ domain: [1, "string"], version: [2, "int64"] }),
    Model: message({ irVersion: [1, "int64"], graph: [7, "Graph"], opsetImport: [8, "OperatorSet", "repeated"] }),
  },
});

export interface OnnxNode {
  readonly operator: string;
  /** Names in the operator's order; an empty one leaves an optional input out. */
  readonly arguments: readonly string[];
  /** Whole-number attributes. */
  readonly attributes?: Readonly<Record<string, number>>;
  /** Shapes of what is given at each run. */
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  readonly outputs: Readonly<Record<string, readonly number[]>>;
  /** The operator's first outputs that are not asked for. */
  readonly skippedOutputs?: number;
  /** Weights. */
  readonly constants?: Readonly<Record<string, { shape: readonly number[]; values: Float32Array }>>;
}

const INTEGER_ATTRIBUTE = 2;

function valueInfo([name, shape]: [string, readonly number[]]) {
  const dim = shape.map((dimValue) => ({ dimValue }));
  return { name, type: { tensorType: { elemType: FLOAT, shape: { dim } } } };
}

/** The bytes of a model with that node alone. */
export function onnxModel(node: OnnxNode): Uint8Array {
  const attribute = Object.entries(node.attributes ?? {}).map(([name, i]) => ({ name, i, type: INTEGER_ATTRIBUTE }));
  const output = [...Array<string>(node.skippedOutputs ?? 0).fill(""), ...Object.keys(node.outputs)];
  const initializer = Object.entries(node.constants ?? {}).map(([name, { shape, values }]) => ({
    name,
    dims: [...shape],
    dataType: FLOAT,
    rawData: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
  }));
  const Model = schema.lookupType("Model");
  const model = {
    irVersion: FORMAT_VERSION,
    opsetImport: [{ domain: "", version: OPERATORS_VERSION }],
    graph: {
      name: "bench",
      node: [{ opType: node.operator, input: [...node.arguments], output, attribute }],
      initializer,
      input: Object.entries(node.inputs).map(valueInfo),
      output: Object.entries(node.outputs).map(valueInfo),
    },
  };
  return Model.encode(Model.create(model)).finish();
}
