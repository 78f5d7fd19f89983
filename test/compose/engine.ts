import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aptUnsuitable } from '../../infra/start/broker/apt.ts';
import { lastLines, runTool } from '../../infra/start/broker/run-tool.ts';
import { searchPath, which } from '../../infra/start/broker/toolchain.ts';
import { eventually } from '../support/eventually.ts';

const INFO_TIMEOUT_MS = 5_000;
const DOWNLOAD_TIMEOUT_MS = 180_000;
const READY_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 30_000;
const LOG_LINES_SHOWN = 10;

/** A container engine that answers. */
export interface Engine {
  /** For `docker` and `docker compose`. */
  readonly env: NodeJS.ProcessEnv;
  /** What goes before a program that is to reach the ports which the engine publishes. */
  readonly enter: readonly string[];
  stop(): Promise<void>;
}

/** The engine with what it needs; of these a machine may have some already. */
const PACKAGES = [
  ...['docker.io', 'containerd', 'runc', 'tini', 'iptables'],
  ...['libip4tc2', 'libip6tc2', 'libxtables12', 'libnftnl11', 'libnfnetlink0', 'libnetfilter-conntrack3'],
];

/** The engine of this machine, or one that is started for us alone. @returns why there is none, when there is none */
export async function findEngine(cacheDir: string): Promise<Engine | string> {
  if (await answers(process.env)) return { env: process.env, enter: [], stop: async () => undefined };
  const unsuitable = aptUnsuitable();
  if (unsuitable !== undefined) return `no container engine answers, and none can be started (${unsuitable})`;
  const root = join(cacheDir, 'docker-engine');
  const why = existsSync(root) ? undefined : await unpackEngine(root);
  return why ?? (await startEngine(root).catch((error: Error) => error.message));
}

const answers = async (env: NodeJS.ProcessEnv): Promise<boolean> => {
  const info = await runTool('docker', ['info', '--format', '{{.ServerVersion}}'], { timeoutMs: INFO_TIMEOUT_MS, env });
  return info.code === 0 && info.output.trim() !== '';
};

/** Nothing is installed: the packages are unpacked into a folder of ours. */
async function unpackEngine(root: string): Promise<string | undefined> {
  mkdirSync(join(root, '..'), { recursive: true });
  const work = mkdtempSync(`${root}-unpacking-`);
  try {
    const download = await runTool('apt-get', ['-q', 'download', ...PACKAGES], {
      timeoutMs: DOWNLOAD_TIMEOUT_MS,
      cwd: work,
    });
    if (download.code !== 0) return `the engine could not be downloaded: ${lastLines(download)}`;
    for (const name of readdirSync(work).filter((file) => file.endsWith('.deb')))
      await runTool('dpkg', ['-x', join(work, name), join(work, 'root')], { timeoutMs: DOWNLOAD_TIMEOUT_MS });
    // The package leaves the choice to the machine's alternatives.
    symlinkSync('iptables-nft', join(work, 'root/usr/sbin/iptables'));
    if (!existsSync(root)) renameSync(join(work, 'root'), root);
    return undefined;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** It ends when our end of its input does, so also when we are killed. */
const UNDER_SHELL = `mount -t tmpfs tmpfs /opt
ip link set lo up
dockerd "$@" <&- & P=$!
cat >/dev/null
kill $P
wait $P`;

/** Processes, mounts and network of its own; what is left of them goes with the first process. */
const APART = ['--mount', '--net', '--pid', '--fork', '--kill-child', '--mount-proc'];

/** An engine apart from this machine: it cannot disturb its network, nor can its published ports collide with anything. */
async function startEngine(root: string): Promise<Engine> {
  const home = mkdtempSync(join(tmpdir(), 'warren-engine-'));
  const lib = join(root, 'usr/lib/x86_64-linux-gnu');
  const bin = [join(root, 'usr/sbin'), join(root, 'usr/bin')];
  const socket = `unix://${join(home, 'docker.sock')}`;
  const log = join(home, 'engine.log');
  const options = [
    ...['--host', socket, '--data-root', join(home, 'data'), '--exec-root', join(home, 'exec')],
    ...['--pidfile', join(home, 'pid'), '--ip6tables=false'],
  ];
  const shell = `exec >>${log} 2>&1\n${UNDER_SHELL}`;
  const unshare = which('unshare', searchPath(process.env)) ?? 'unshare';
  const child = spawn(unshare, [...APART, 'sh', '-c', shell, 'engine', ...options], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    env: {
      PATH: [...bin, process.env.PATH].join(':'),
      LD_LIBRARY_PATH: lib,
      XTABLES_LIBDIR: join(lib, 'xtables'),
    },
  });
  child.stdin.on('error', () => undefined);
  const env = { ...process.env, PATH: [process.env.PATH, join(root, 'usr/bin')].join(':'), DOCKER_HOST: socket };
  const lastWords = () =>
    existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n').slice(-LOG_LINES_SHOWN).join('\n') : '';
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) {
      console.log(`      the engine had ended before (${child.exitCode ?? child.signalCode}):\n${lastWords()}`);
    } else {
      const gone = once(child, 'exit');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
      child.stdin.end();
      await gone;
      clearTimeout(timer);
    }
    rmSync(home, { recursive: true, force: true });
  };
  try {
    await eventually(() => answers(env), {
      within: READY_TIMEOUT_MS,
      what: 'the engine',
      every: 500,
      fatal: () => child.exitCode !== null,
    });
  } catch {
    const said = lastWords();
    await stop();
    throw new Error(`dockerd did not start: ${said}`);
  }
  return { env, enter: ['nsenter', `--net=/proc/${child.pid}/ns/net`], stop };
}
