import type { PartReport, Report } from './health.ts';

const row = ({ name, pid, healthy, state, url }: PartReport): string =>
  `  ${healthy ? '✓' : '✗'} ${name.padEnd(17)}${String(pid ?? '-').padEnd(9)}${(url ?? '').padEnd(25)}${state}`;

const login = (user: string | null, password: string | null): string =>
  user === null ? '' : `   user ${user}, password ${password ?? '-'}`;

/** The report for a reader at a terminal. */
export const table = ({ healthy, parts, run }: Report): string => `
Warren is ${healthy ? 'healthy' : 'not healthy'}, running since ${run.started_at}.

    ${'part'.padEnd(17)}${'pid'.padEnd(9)}${'at'.padEnd(25)}state
${parts.map(row).join('\n')}

  API            ${run.gateway_url}
  API reference  ${run.gateway_url}/docs
  RabbitMQ       ${run.management_url ?? '-'}${login(run.management_user, run.management_password)}
  Broker         ${run.amqp_url}
  Database       ${run.database_url}
  Logs           ${run.log_dir}

`;
