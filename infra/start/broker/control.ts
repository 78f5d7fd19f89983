import { dirname, join } from 'node:path';
import type { ControlTool } from './broker.ts';
import { lastLines, runTool } from './run-tool.ts';
import type { Toolchain } from './toolchain.ts';

/** The tool is an Erlang node itself, which takes its time to start. */
const CONTROL_TIMEOUT_MS = 30_000;

/** Runs `rabbitmqctl`, or a tool beside it, against a node of ours, whose environment this is. */
export async function control(
  env: Record<string, string>,
  { enter, server }: Toolchain,
  words: readonly string[],
  name: ControlTool = 'rabbitmqctl',
): Promise<string> {
  const tool = join(dirname(server), name);
  const [program = tool, ...args] = [...enter, tool, '--quiet', ...words];
  // What the node is told about its distribution must not be told to the tool: it would take the node's port.
  const { RABBITMQ_DIST_PORT, RABBITMQ_ALLOW_INPUT, ...own } = env;
  const run = await runTool(program, args, { timeoutMs: CONTROL_TIMEOUT_MS, env: own });
  if (run.code !== 0) throw new Error(`${name} ${words.join(' ')}: ${lastLines(run)}`);
  return run.output;
}
