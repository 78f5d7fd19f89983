import { spawn } from 'node:child_process';

export interface ToolRun {
  /** 0 when all went well, 127 when the program could not be started, 124 when it took too long. */
  readonly code: number;
  /** What it wrote to stdout. */
  readonly output: string;
  /** What it wrote to stderr. */
  readonly complaint: string;
}

export interface ToolOptions {
  readonly timeoutMs: number;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

const EXIT_TIMED_OUT = 124;
const EXIT_NOT_FOUND = 127;

/** Runs a program of the system to its end, without input. It never rejects: its end is the answer. */
export function runTool(program: string, args: readonly string[], options: ToolOptions): Promise<ToolRun> {
  const { timeoutMs, cwd, env } = options;
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(cwd !== undefined && { cwd }),
      env: env ?? process.env,
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    });
    let output = '';
    let complaint = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint += text;
    });
    child.once('error', (error) => resolve({ code: EXIT_NOT_FOUND, output, complaint: error.message }));
    child.once('close', (code) => resolve({ code: code ?? EXIT_TIMED_OUT, output, complaint }));
  });
}

/** The last lines of what a failed program said. */
export const lastLines = ({ output, complaint }: ToolRun, count = 3): string =>
  (complaint.trim() || output.trim()).split('\n').slice(-count).join(' ').trim();
