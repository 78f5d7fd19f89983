import { bytes, type Field, float, int, message, string } from './protobuf.ts';

/** Data types of ONNX tensors (TensorProto.DataType). */
export const DATA_TYPE = { float: 1, uint8: 2, int32: 6, int64: 7 } as const;
export type DataType = keyof typeof DATA_TYPE;

const ATTRIBUTE_FLOAT = 1;
const ATTRIBUTE_INT = 2;

const IR_VERSION = 8;
/** The first opset with LayerNormalization. */
const OPSET = 17;
/** Fused operators of ONNX Runtime: attention, bias + GELU, residual + layer norm. */
export const RUNTIME_DOMAIN = 'com.microsoft';

/** A whole number, or a float given as such because 1 and 1.0 are alike here. */
export type Attribute = number | { readonly float: number };

export interface Node {
  readonly op: string;
  readonly domain?: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

export interface Tensor {
  readonly name: string;
  readonly type: DataType;
  readonly shape: readonly number[];
  /** Little-endian, row by row. */
  readonly data: Uint8Array;
}

/** An input or output; a dimension given by name is free. */
export interface Value {
  readonly name: string;
  readonly type: DataType;
  readonly shape: readonly (number | string)[];
}

export interface Graph {
  readonly name: string;
  readonly nodes: readonly Node[];
  readonly tensors: readonly Tensor[];
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
}

function attribute(name: string, value: Attribute): Field[] {
  return typeof value === 'number'
    ? [string(1, name), int(3, value), int(20, ATTRIBUTE_INT)]
    : [string(1, name), float(2, value.float), int(20, ATTRIBUTE_FLOAT)];
}

const node = ({ op, domain = '', inputs, output, attributes = {} }: Node): Field[] => [
  ...inputs.map((input) => string(1, input)),
  string(2, output),
  string(3, output),
  string(4, op),
  ...Object.entries(attributes).map(([name, value]) => message(5, attribute(name, value))),
  string(7, domain),
];

const tensor = ({ name, type, shape, data }: Tensor): Field[] => [
  ...shape.map((size) => int(1, size)),
  int(2, DATA_TYPE[type]),
  string(8, name),
  bytes(9, data),
];

const dimension = (size: number | string): Field =>
  message(1, [typeof size === 'number' ? int(1, size) : string(2, size)]);

const value = ({ name, type, shape }: Value): Field[] => [
  string(1, name),
  message(2, [message(1, [int(1, DATA_TYPE[type]), message(2, shape.map(dimension))])]),
];

const graphFields = (graph: Graph): Field[] => [
  ...graph.nodes.map((each) => message(1, node(each))),
  string(2, graph.name),
  ...graph.tensors.map((each) => message(5, tensor(each))),
  ...graph.inputs.map((each) => message(11, value(each))),
  ...graph.outputs.map((each) => message(12, value(each))),
];

/** The ONNX file (ModelProto) of a graph. The same graph always gives the same bytes. */
export const onnxModel = (graph: Graph): Uint8Array =>
  Buffer.concat([
    int(1, IR_VERSION),
    string(2, 'warren'),
    message(7, graphFields(graph)),
    message(8, [string(1, ''), int(2, OPSET)]),
    message(8, [string(1, RUNTIME_DOMAIN), int(2, 1)]),
  ]);
