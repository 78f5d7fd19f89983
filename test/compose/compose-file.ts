import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';

export const ROOT = resolve(import.meta.dirname, '../..');
export const COMPOSE_FILE = join(ROOT, 'docker-compose.yml');

export interface ComposeService {
  readonly image?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string | number | null>>;
  readonly secrets?: readonly (string | { readonly source: string; readonly target: string })[];
  readonly profiles?: readonly string[];
  readonly healthcheck?: { readonly test?: readonly string[]; readonly disable?: boolean };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly stop_grace_period?: string;
  readonly security_opt?: readonly string[];
  readonly read_only?: boolean;
  readonly init?: boolean;
  readonly deploy?: {
    readonly replicas?: string | number;
    readonly resources?: { readonly reservations?: { readonly devices?: readonly unknown[] } };
  };
  readonly volumes?: readonly string[];
  readonly ulimits?: { readonly nofile?: number };
}

export interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}

/** `${NAME:-default}` as Compose would fill it in with `env`. */
export const interpolate = (text: string, env: Readonly<Record<string, string>> = {}): string =>
  text.replaceAll(/\$\{(\w+):-([^}]*)\}/g, (_, name: string, fallback: string) => env[name] || fallback);

/** The compose file with its anchors merged and the variables of `env` filled in. */
export const readCompose = (env: Readonly<Record<string, string>> = {}): ComposeFile =>
  parse(interpolate(readFileSync(COMPOSE_FILE, 'utf8'), env), { merge: true }) as ComposeFile;
