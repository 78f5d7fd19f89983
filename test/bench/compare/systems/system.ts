import type { PushDialect, SocketAddress } from '../load/push-client.ts';
import type { Debian } from '../machine/debian.ts';
import type { Roots } from '../machine/usage.ts';

export const JOB = { type: 'embed', input: { texts: ['a short text'] } } as const;

/** How a system is asked for things; requests as they go over the wire. */
export interface Api {
  readonly port: number;
  /** Answered without any work. */
  readonly warmUp: string;
  readonly submit: string;
  status(job: string): string;
  /** Undefined where clients can only ask again and again. */
  readonly push?: PushDialect;
  /** Undefined where texts are not streamed. */
  readonly stream?: StreamDialect;
}

/** How a text is asked for over a WebSocket, and read while it is written. */
export interface StreamDialect extends SocketAddress {
  /** By a model of the mock provider. */
  submit(model: string): string;
  /** The text that a frame brings. */
  text(frame: string): string | undefined;
  ends(frame: string): boolean;
}

/** Counts jobs that have ended since it was made. */
export type Progress = () => Promise<number>;

/** A whole system, up and running. */
export interface Running {
  readonly api: Api;
  /** When its own processes began to start (`performance.now()`): broker and stores were up by then. */
  readonly begunAt: number;
  /** All its processes; broker, stores and databases included. */
  processes(): Roots;
  progress(): Promise<Progress>;
  /** Makes it have so many workers. */
  workers(count: number): Promise<void>;
  /** Kills a worker as if its machine had gone, and starts another at once. */
  replaceWorker(): Promise<void>;
  /** Submits so many jobs, as fast as it takes them. */
  preload(count: number): Promise<void>;
  stop(): Promise<void>;
}

export interface Place {
  readonly debian: Debian;
  /** A folder of this start alone, which programs of the Debian can see. */
  readonly folder: string;
  /** Of the model's double, which is no part of any system. */
  readonly modelUrl: string;
  /** Where CPU profiles go, when they are wanted. */
  readonly profiles?: string | undefined;
  say(line: string): void;
}

export interface System {
  readonly name: string;
  /** What it consists of, for people. */
  readonly about: string;
  /** With one worker; resolves when its gateway answers. */
  start(place: Place): Promise<Running>;
}
