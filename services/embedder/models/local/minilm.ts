import { type Graph, type Node, RUNTIME_DOMAIN, type Tensor } from './onnx.ts';
import type { Weights } from './weights.ts';

export const HIDDEN = 384;
const LAYERS = 6;
const HEADS = 12;
const POSITIONS = 512;
const EPSILON = { float: 1e-12 };

const BERT = 'StatefulPartitionedCall/model/tf_bert_model/bert';

const asBytes = (numbers: Float32Array | BigInt64Array): Uint8Array =>
  new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);

/** Gathers nodes and tensors; every method returns the name of what it adds. */
class GraphBuilder {
  readonly nodes: Node[] = [];
  readonly tensors: Tensor[] = [];
  readonly #weights: Weights;

  constructor(weights: Weights) {
    this.#weights = weights;
  }

  add(output: string, op: string, inputs: readonly string[], more: Pick<Node, 'domain' | 'attributes'> = {}): string {
    this.nodes.push({ op, inputs, output, ...more });
    return output;
  }

  floats(name: string, shape: readonly number[], numbers: Float32Array): string {
    this.tensors.push({ name, type: 'float', shape, data: asBytes(numbers) });
    return name;
  }

  integers(name: string, shape: readonly number[], numbers: readonly number[]): string {
    this.tensors.push({ name, type: 'int64', shape, data: asBytes(BigInt64Array.from(numbers, BigInt)) });
    return name;
  }

  /** A vector of the model: bias, gain. */
  vector(name: string, source: string): string {
    const numbers = this.#weights.floats(source);
    return this.floats(name, [numbers.length], numbers);
  }

  vectors(name: string, sources: readonly string[]): string {
    const numbers = sources.flatMap((source) => [...this.#weights.floats(source)]);
    return this.floats(name, [numbers.length], Float32Array.from(numbers));
  }

  /** A matrix in its quantised form, and what turns rows of it into floats. */
  quantised(name: string, source: string): { table: string; scaling: readonly [string, string] } {
    const { shape, data, scale, zeroPoint } = this.#weights.quantised(source);
    this.tensors.push({ name, type: 'uint8', shape, data });
    this.tensors.push({ name: `${name}.zero`, type: 'uint8', shape: [], data: Uint8Array.of(zeroPoint) });
    this.floats(`${name}.scale`, [], Float32Array.of(scale));
    return { table: name, scaling: [`${name}.scale`, `${name}.zero`] };
  }

  /** `input` times a matrix of the model. */
  times(name: string, input: string, source: string): string {
    const { table, scaling } = this.quantised(`${name}.weight`, source);
    const matrix = this.add(`${name}.matrix`, 'DequantizeLinear', [table, ...scaling]);
    return this.add(name, 'MatMul', [input, matrix]);
  }

  /** Residual connection, bias and layer norm in one. */
  joinAndNormalise(name: string, input: string, residual: string, source: string): string {
    const gain = this.vector(`${name}.gain`, `${source}/LayerNorm/batchnorm/mul/ReadVariableOp`);
    const shift = this.vector(`${name}.shift`, `${source}/LayerNorm/batchnorm/ReadVariableOp`);
    const bias = this.vector(`${name}.bias`, `${source}/dense/BiasAdd/ReadVariableOp`);
    const more = { domain: RUNTIME_DOMAIN, attributes: { epsilon: EPSILON } };
    return this.add(name, 'SkipLayerNormalization', [input, residual, gain, shift, bias], more);
  }
}

/** Every text is one segment, so the first row of the segment table belongs to every position. */
function positionsOfFirstSegment(weights: Weights): Float32Array {
  const segment = weights.floats('unknown_1');
  return weights.floats('unknown_0').map((number, at) => number + (segment[at % HIDDEN] ?? 0));
}

function embeddings(graph: GraphBuilder, weights: Weights): string {
  const words = graph.quantised('words', 'unknown');
  const rows = graph.add('word_rows', 'Gather', [words.table, 'input_ids']);
  const wordVectors = graph.add('word_vectors', 'DequantizeLinear', [rows, ...words.scaling]);
  const table = graph.floats('positions', [POSITIONS, HIDDEN], positionsOfFirstSegment(weights));
  const shape = graph.add('shape', 'Shape', ['input_ids']);
  const length = graph.add('length', 'Gather', [shape, graph.integers('second', [], [1])], { attributes: { axis: 0 } });
  const range = graph.add('range', 'Range', [graph.integers('zero', [], [0]), length, graph.integers('one', [], [1])]);
  const positionVectors = graph.add('position_vectors', 'Gather', [table, range]);
  const sum = graph.add('embedding_sum', 'Add', [wordVectors, positionVectors]);
  const gain = graph.vector('embedding.gain', `${BERT}/embeddings/LayerNorm/batchnorm/mul/ReadVariableOp`);
  const shift = graph.vector('embedding.shift', `${BERT}/embeddings/LayerNorm/batchnorm/ReadVariableOp`);
  return graph.add('embedding', 'LayerNormalization', [sum, gain, shift], { attributes: { epsilon: EPSILON } });
}

function layer(graph: GraphBuilder, index: number, input: string, mask: string): string {
  const source = `${BERT}/encoder/layer_._${index}`;
  const name = `layer${index}`;
  const part = (which: string) => `${source}/attention/self/${which}`;
  const projections = ['query', 'key', 'value'].map((which) =>
    graph.times(`${name}.${which}`, input, `${part(which)}/Tensordot/ReadVariableOp`),
  );
  const bias = graph.vectors(
    `${name}.bias`,
    ['query', 'key', 'value'].map((which) => `${part(which)}/BiasAdd/ReadVariableOp`),
  );
  const attended = graph.add(`${name}.attended`, 'MultiHeadAttention', [...projections, bias, mask], {
    domain: RUNTIME_DOMAIN,
    attributes: { num_heads: HEADS },
  });
  const output = graph.times(`${name}.output`, attended, `${source}/attention/output/dense/Tensordot/ReadVariableOp`);
  const middle = graph.joinAndNormalise(`${name}.middle`, output, input, `${source}/attention/output`);
  const wide = graph.times(`${name}.wide`, middle, `${source}/intermediate/dense/Tensordot/ReadVariableOp`);
  const wideBias = graph.vector(`${name}.wide.bias`, `${source}/intermediate/dense/BiasAdd/ReadVariableOp`);
  const activated = graph.add(`${name}.activated`, 'BiasGelu', [wide, wideBias], { domain: RUNTIME_DOMAIN });
  const narrow = graph.times(`${name}.narrow`, activated, `${source}/output/dense/Tensordot/ReadVariableOp`);
  return graph.joinAndNormalise(`${name}.out`, narrow, middle, `${source}/output`);
}

/** all-MiniLM-L6-v2 as an ONNX graph: token ids and attention mask in, one vector a token out. */
export function miniLmGraph(weights: Weights): Graph {
  const graph = new GraphBuilder(weights);
  const mask = graph.add('mask', 'Cast', ['attention_mask'], { attributes: { to: 6 } });
  let tokens = embeddings(graph, weights);
  for (let index = 0; index < LAYERS; index += 1) tokens = layer(graph, index, tokens, mask);
  graph.add('last_hidden_state', 'Identity', [tokens]);
  const ids = ['batch', 'length'] as const;
  return {
    name: 'all-MiniLM-L6-v2',
    nodes: graph.nodes,
    tensors: graph.tensors,
    inputs: [
      { name: 'input_ids', type: 'int64', shape: ids },
      { name: 'attention_mask', type: 'int64', shape: ids },
    ],
    outputs: [{ name: 'last_hidden_state', type: 'float', shape: [...ids, HIDDEN] }],
  };
}
