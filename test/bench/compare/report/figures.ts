import { POLL_MS } from '../load/poll-client.ts';

/** A figure that is shown, in the order of the table. Others are in the JSON file only. */
export interface Figure {
  readonly key: string;
  readonly label: string;
  readonly unit: string;
}

const at = (counts: readonly number[], row: (count: number) => readonly Figure[]): readonly Figure[] =>
  counts.flatMap(row);

export const FIGURES: readonly Figure[] = [
  ...at([1, 32, 256], (n) => [
    { key: `submit.${n}.rate`, label: `submit, ${n} clients`, unit: 'jobs/s' },
    { key: `submit.${n}.p50`, label: `submit, ${n} clients, p50`, unit: 'ms' },
    { key: `submit.${n}.p99`, label: `submit, ${n} clients, p99`, unit: 'ms' },
    { key: `submit.${n}.cpu`, label: `submit, ${n} clients, CPU until done`, unit: 'µs/job' },
  ]),
  ...at([1, 16, 64], (n) => [
    { key: `push.${n}.p50`, label: `end to end with push, ${n} clients, p50`, unit: 'ms' },
    { key: `push.${n}.p99`, label: `end to end with push, ${n} clients, p99`, unit: 'ms' },
    { key: `push.${n}.rate`, label: `end to end with push, ${n} clients`, unit: 'jobs/s' },
  ]),
  ...at([1, 16, 64], (n) => [
    { key: `poll.${n}.p50`, label: `end to end, polling every ${POLL_MS} ms, ${n} clients, p50`, unit: 'ms' },
    { key: `poll.${n}.p99`, label: `end to end, polling every ${POLL_MS} ms, ${n} clients, p99`, unit: 'ms' },
  ]),
  ...at([1, 2], (n) => [
    { key: `drain.${n}.rate`, label: `drain, workers: ${n}`, unit: 'jobs/s' },
    { key: `drain.${n}.cpu`, label: `drain, workers: ${n}, CPU`, unit: 'µs/job' },
  ]),
  { key: 'burst.last', label: 'burst, last job done', unit: 's' },
  { key: 'burst.p50', label: 'burst, accepted, p50', unit: 'ms' },
  { key: 'burst.p99', label: 'burst, accepted, p99', unit: 'ms' },
  { key: 'burst.cpu', label: 'burst, CPU', unit: 'µs/job' },
  { key: 'stream.tokens', label: 'streaming, tokens delivered', unit: 'tokens/s' },
  { key: 'stream.p50', label: 'streaming, added latency of a token, p50', unit: 'ms' },
  { key: 'stream.p99', label: 'streaming, added latency of a token, p99', unit: 'ms' },
  { key: 'memory.worker', label: 'memory of the worker after the drain', unit: 'MB' },
  { key: 'memory.gateway', label: 'memory of the gateway after the drain', unit: 'MB' },
  { key: 'idle.cpu', label: 'idle, CPU of all processes', unit: '% of a core' },
  { key: 'idle.memory', label: 'idle, memory of all processes', unit: 'MB' },
  { key: 'start.answer', label: 'start to first answer', unit: 's' },
  { key: 'kill.answer', label: 'first answer after kill -9 of the worker', unit: 's' },
];
