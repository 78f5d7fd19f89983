import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runCli } from '../../infra/cli/program.ts';
import { GatewayDouble, KEY } from './gateway-double.ts';
import { type TerminalDouble, terminalDouble } from './terminal-double.ts';

/** The command, a gateway that a test scripts, and a folder of files to send. */
export class Harness {
  readonly gateway = new GatewayDouble();
  url = '';
  folder = '';

  async start(): Promise<void> {
    this.url = await this.gateway.start();
    this.folder = await mkdtemp(join(tmpdir(), 'warren-cli-'));
  }

  async stop(): Promise<void> {
    await this.gateway.stop();
    await rm(this.folder, { recursive: true });
  }

  async warren(args: readonly string[], terminal: TerminalDouble = terminalDouble(), key = KEY) {
    const code = await runCli(args, { WARREN_URL: this.url, WARREN_API_KEY: key }, terminal);
    return { code, out: terminal.stdout(), err: terminal.stderr(), terminal };
  }

  async remove(name: string): Promise<void> {
    await rm(join(this.folder, name), { recursive: true });
  }

  async files(contents: Readonly<Record<string, string | Buffer>>): Promise<void> {
    for (const [name, content] of Object.entries(contents)) {
      await mkdir(dirname(join(this.folder, name)), { recursive: true });
      await writeFile(join(this.folder, name), content);
    }
  }
}

export const jsonLines = (text: string): unknown[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);

export const delta = (offset: number, text: string, run = 'r1') => ['output.delta', { run, offset, text }] as const;

export const CITATION = {
  n: 1,
  document_id: 'docs/a.md',
  passage_id: 'psg_1',
  title: 'A',
  heading: 'Guide › Leave',
  text: 'Unused\ndays lapse.',
  score: 1,
  start: 3,
  end: 20,
};
