import type { Asked } from './asked.ts';
import { type Behaviour, behaviourOf } from './behaviour.ts';
import { namedModel, readJson } from './body.ts';
import type { Call } from './call.ts';
import { DEFAULT_MODEL } from './catalogue.ts';
import type { Counters } from './counters.ts';
import type { Fault } from './fault.ts';
import type { FaultRules } from './fault-rules.ts';
import { type Dialect, Refusal } from './refusal.ts';
import { dialectOf, type Route, routeFor } from './routes.ts';
import { sendRefusal } from './send.ts';
import { wait } from './waiting.ts';

/** What all requests share. */
export interface Surroundings {
  readonly counters: Counters;
  readonly rules: FaultRules;
  /** Other names for models: `llama3.2` may mean `mock-itl20`. */
  readonly aliases: Readonly<Record<string, string>>;
  /** The key that requests must bear, if any. */
  readonly apiKey: string | undefined;
}

function behaviourNamed(model: string, aliases: Surroundings['aliases'], dialect: Dialect): Behaviour {
  const behaviour = behaviourOf((Object.hasOwn(aliases, model) && aliases[model]) || model);
  if (!('unknown' in behaviour)) return behaviour;
  const hint = behaviour.unknown === undefined ? '' : ` (${behaviour.unknown})`;
  throw new Refusal(404, `${dialect.noModel(model)}${hint}`, 'model not found');
}

/** The fault of the model's name, while it lasts, with what was set at run time over it. */
function faultOf({ fault, times = Number.POSITIVE_INFINITY }: Behaviour, nth: number, set: Fault): Fault {
  return nth <= times ? { ...fault, ...set } : set;
}

/** What strikes before anything is sent. @throws {Refusal} for a status */
async function strikeFirst(call: Call, { messages }: Dialect, fault: Fault): Promise<'go on' | 'over'> {
  if (fault.delay_ms !== undefined) await wait(fault.delay_ms, call.signal);
  if (fault.hang === 'headers') return call.hang();
  if (fault.reset === 'headers') {
    call.reset();
    return 'over';
  }
  if (fault.status !== undefined) {
    throw new Refusal(fault.status, fault.message ?? messages[fault.status] ?? `mock error ${fault.status}`);
  }
  return 'go on';
}

function checkKey({ request }: Call, { apiKey }: Surroundings, dialect: Dialect): void {
  if (apiKey === undefined || request.headers.authorization === `Bearer ${apiKey}`) return;
  throw new Refusal(401, dialect.messages[401] ?? 'unauthorized');
}

/** Understands a request: its model, how that behaves and what is to go wrong. */
async function understand(call: Call, route: Route, inPath: string | undefined, around: Surroundings): Promise<Asked> {
  const { counters, rules, aliases } = around;
  checkKey(call, around, route.dialect);
  const body = route.method === 'POST' ? await readJson(call.request) : undefined;
  const named = inPath ?? namedModel(body);
  if (named === undefined && route.needsModel === true) throw new Refusal(400, 'model is required');
  const model = named ?? DEFAULT_MODEL;
  call.model = model;
  const asksModel = route.method === 'POST' || inPath !== undefined;
  const nth = asksModel ? counters.modelNamed(model) : 1;
  const behaviour = behaviourNamed(model, aliases, route.dialect);
  const fault = faultOf(behaviour, nth, rules.take(call.path, model));
  return { call, body, model, behaviour, fault, counters };
}

/** Answers one request to a provider's route. `inPath` is the model that the address names, for dialects that name none. */
export async function answer(call: Call, inPath: string | undefined, around: Surroundings): Promise<void> {
  let fault: Fault = {};
  let dialect = dialectOf(call.path);
  try {
    const route = routeFor(call.request.method ?? 'GET', call.path);
    dialect = route.dialect;
    const asked = await understand(call, route, inPath, around);
    fault = asked.fault;
    if ((await strikeFirst(call, dialect, fault)) === 'go on') await route.answer(asked);
  } catch (error) {
    if (!(error instanceof Refusal) || call.response.headersSent) throw error;
    sendRefusal(call, dialect, error, fault);
  }
}
