import type { Command } from 'commander';
import type { Context } from '../context.ts';

/** Carries out a command; resolves with its exit code. */
export type Action = (context: Context) => Promise<number>;

/** Hands a command's action what it works with. */
export type Run = (command: Command, action: Action) => Promise<void>;

/** Adds one or more commands to the program. */
export type AddCommands = (program: Command, run: Run) => void;
