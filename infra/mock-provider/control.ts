import type { ServerResponse } from 'node:http';
import { z } from 'zod';
import { readJson } from './body.ts';
import type { Call } from './call.ts';
import type { Counters } from './counters.ts';
import type { FaultRules } from './fault-rules.ts';
import { Refusal } from './refusal.ts';

export const CONTROL_PREFIX = '/control/';

interface Controlled {
  readonly counters: Counters;
  readonly rules: FaultRules;
}

type Action = (controlled: Controlled, call: Call) => unknown;

async function addFault({ rules }: Controlled, { request }: Call) {
  rules.add((await readJson(request)) as Parameters<FaultRules['add']>[0]); // parsed there
  return { faults: rules.list() };
}

const clearFaults: Action = ({ rules }) => {
  rules.clear();
  return { faults: [] };
};

const reset: Action = ({ counters, rules }) => {
  rules.clear();
  counters.reset();
  return counters.read();
};

const ACTIONS: Readonly<Record<string, Action>> = {
  'POST /control/faults': addFault,
  'GET /control/faults': ({ rules }) => ({ faults: rules.list() }),
  'DELETE /control/faults': clearFaults,
  'GET /control/counts': ({ counters }) => counters.read(),
  'POST /control/reset': reset,
};

const send = (response: ServerResponse, status: number, value: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
};

function sendProblem(response: ServerResponse, error: unknown): void {
  if (error instanceof z.ZodError) send(response, 400, { error: z.prettifyError(error) });
  else if (error instanceof Refusal) send(response, error.status, { error: error.message });
  else throw error;
}

/** Answers a request to the control routes; it is not counted and meets no fault. */
export async function control(call: Call, controlled: Controlled): Promise<void> {
  const action = ACTIONS[`${call.request.method} ${call.path}`];
  if (action === undefined) {
    send(call.response, 404, { error: 'unknown control route', routes: Object.keys(ACTIONS) });
    return;
  }
  try {
    send(call.response, 200, await action(controlled, call));
  } catch (error) {
    sendProblem(call.response, error);
  }
}
