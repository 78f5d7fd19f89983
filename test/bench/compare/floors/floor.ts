import { join } from 'node:path';
import { listens } from '../../../../infra/start/broker/listens.ts';
import { freePorts } from '../../../../infra/start/broker/ports.ts';
import { Part } from '../machine/part.ts';
import { cpuMs, type Roots, total } from '../machine/usage.ts';
import type { Figures } from '../phases/phase.ts';
import type { Place } from '../systems/system.ts';

const US_PER_MS = 1000;

export interface FloorStage extends Place {
  /** Of each measurement. */
  readonly loopMs: number;
}

/** What one step costs when nothing else is done. */
export interface Floor {
  readonly name: string;
  run(stage: FloorStage): Promise<Figures>;
}

/**
 * CPU time in µs from now on: of the servers, and of this process where it does the work of a client that a system would
 * have within it.
 */
export function cpuFrom(servers: Roots, withThisProcess: boolean): () => number {
  const before = total(cpuMs(servers));
  const own = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(own);
    return (total(cpuMs(servers)) - before) * US_PER_MS + (withThisProcess ? user + system : 0);
  };
}

/** A server of this folder, on a port of its own. `folder` takes its log. */
export async function startServer(program: string, folder: string): Promise<{ part: Part; port: number }> {
  const [port = 0] = await freePorts([undefined]);
  const part = new Part({
    role: program,
    command: [process.execPath, join(import.meta.dirname, program)],
    env: { ...process.env, NODE_ENV: 'production', PORT: String(port) },
    log: join(folder, `${program}.log`),
  });
  await part.until(() => listens(port));
  return { part, port };
}
