import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** Everything this process measures, for its /metrics. */
export const registry = new Registry();

const registers = [registry];
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

export const metrics = {
  accepted: new Counter({
    name: 'warren_jobs_accepted_total',
    help: 'Jobs accepted by this gateway',
    labelNames: ['type'],
    registers,
  }),
  finished: new Counter({
    name: 'warren_jobs_finished_total',
    help: 'Jobs that ended in a turn of this orchestrator',
    labelNames: ['type', 'status'],
    registers,
  }),
  waitSeconds: new Histogram({
    name: 'warren_job_wait_seconds',
    help: 'From acceptance (or run_at) to the start of the first command',
    labelNames: ['type'],
    buckets: SECONDS,
    registers,
  }),
  runSeconds: new Histogram({
    name: 'warren_job_run_seconds',
    help: 'From the start of the first command to the end of the job',
    labelNames: ['type'],
    buckets: SECONDS,
    registers,
  }),
  retries: new Counter({
    name: 'warren_command_retries_total',
    help: 'Commands sent to the retry ladder',
    labelNames: ['command', 'code'],
    registers,
  }),
  deadLetters: new Counter({
    name: 'warren_dead_letters_total',
    help: 'Commands that became dead letters',
    labelNames: ['command', 'code'],
    registers,
  }),
  commandSeconds: new Histogram({
    name: 'warren_command_seconds',
    help: 'Time a handler took',
    labelNames: ['command', 'outcome'],
    buckets: SECONDS,
    registers,
  }),
  inFlight: new Gauge({ name: 'warren_commands_in_flight', help: 'Commands being carried out', registers }),
  laneDepth: new Gauge({
    name: 'warren_lane_messages',
    help: 'Messages waiting in a lane when last looked at',
    labelNames: ['lane'],
    registers,
  }),
  breakerState: new Gauge({
    name: 'warren_breaker_state',
    help: 'Circuit breaker of a provider and model: 0 closed, 1 half-open, 2 open',
    labelNames: ['breaker'],
    registers,
  }),
  turnRecords: new Histogram({
    name: 'warren_turn_records',
    help: 'Journal records taken in one turn',
    buckets: [1, 2, 5, 10, 25, 50, 100, 200, 400],
    registers,
  }),
  turnSeconds: new Histogram({
    name: 'warren_turn_seconds',
    help: 'Time of one turn, commit included',
    buckets: SECONDS,
    registers,
  }),
  socketClients: new Gauge({ name: 'warren_websocket_clients', help: 'Open WebSocket connections', registers }),
  httpSeconds: new Histogram({
    name: 'warren_http_request_seconds',
    help: 'Time to answer an HTTP request',
    labelNames: ['method', 'route', 'status'],
    buckets: SECONDS,
    registers,
  }),
} as const;

/** Each look at the event loop wakes the process: at the library's 10 ms that is most of an idle one's CPU time. */
const LOOK_AT_LOOP_MS = 100;

/** Adds memory, event loop and garbage collection of this process. Called once by each main. */
export const measureProcess = (service: string): void => {
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LOOK_AT_LOOP_MS });
};
