import { DEFAULT_POOL } from '../../shared/messages/command.ts';

/** Chooses a pool by the model a job names: `ROUTES` maps patterns, in which `*` stands for anything, to pools; the first match wins. */
export function poolRoutes(routes: Readonly<Record<string, string>>): (model: string | undefined) => string {
  const rules = Object.entries(routes).map(([pattern, pool]) => ({ matches: matcher(pattern), pool }));
  return (model) =>
    (model === undefined ? undefined : rules.find(({ matches }) => matches(model))?.pool) ?? DEFAULT_POOL;
}

function matcher(pattern: string): (model: string) => boolean {
  const escaped = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  const expression = new RegExp(`^${escaped.join('.*')}$`);
  return (model) => expression.test(model);
}
