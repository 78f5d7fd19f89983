import { broker } from './broker.ts';
import type { Floor } from './floor.ts';
import { koa } from './koa.ts';
import { rows } from './rows.ts';
import { ws } from './ws.ts';

export const FLOORS: readonly Floor[] = [koa, ws, broker, rows];
