import { broken } from '../../../../shared/resilience/failure.ts';
import { unpackVector } from './unpack-vector.ts';

const isNumbers = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((each) => typeof each === 'number' && Number.isFinite(each));

function floats(provider: string, value: unknown): Float32Array {
  if (typeof value === 'string') return unpackVector(value);
  if (isNumbers(value)) return Float32Array.from(value);
  throw broken(provider, 'gave a vector that is not one of numbers');
}

/** Scales a vector to length 1. */
function toUnit(provider: string, vector: Float32Array): Float32Array {
  const length = Math.sqrt(vector.reduce((sum, number) => sum + number * number, 0));
  if (!(length > 0) || !Number.isFinite(length)) throw broken(provider, 'gave a vector without a direction');
  return vector.map((number) => number / length);
}

export interface Expected {
  readonly provider: string;
  /** Texts that were sent. */
  readonly count: number;
  /** undefined while no vector of the model has been seen. */
  readonly dimensions: number | undefined;
  readonly normalise: boolean;
}

/** The vectors of a server's answer. A wrong number of them, or of dimensions, must never be stored. @throws {RetryableError} */
export function readVectors(
  given: readonly unknown[],
  { provider, count, dimensions, normalise }: Expected,
): Float32Array[] {
  if (given.length !== count) throw broken(provider, `gave ${given.length} vectors for ${count} texts`);
  const vectors = given.map((each) => floats(provider, each));
  const wanted = dimensions ?? vectors[0]?.length;
  const other = vectors.find(({ length }) => length !== wanted || length === 0);
  if (other !== undefined) throw broken(provider, `gave a vector of ${other.length} dimensions instead of ${wanted}`);
  const first = vectors.find((vector) => !vector.every(Number.isFinite));
  if (first !== undefined) throw broken(provider, 'gave a vector that is not one of numbers');
  return normalise ? vectors.map((vector) => toUnit(provider, vector)) : vectors;
}
