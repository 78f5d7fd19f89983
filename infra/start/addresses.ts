import type { RunFile } from './supervisor/run-file.ts';

const login = ({ management_user, management_password }: RunFile): string =>
  management_user === null ? '' : `   (user ${management_user}, password ${management_password ?? 'as in AMQP_URL'})`;

/** What somebody who has just started Warren wants to open next. */
export const addresses = (run: RunFile): string => `
Warren is running.

  API            ${run.gateway_url}
  API reference  ${run.gateway_url}/docs
  RabbitMQ       ${run.management_url ?? 'the broker of AMQP_URL (set MANAGEMENT_URL to see its address here)'}${run.management_url ? login(run) : ''}
  Logs           ${run.log_dir}

  npm run status      how everything is          npx warren --help   the command line
  npm run replay      dead letters, and back     Ctrl-C              drain and stop everything

`;
