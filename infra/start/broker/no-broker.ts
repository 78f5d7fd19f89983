import { ExpectedFailure } from '../expected-failure.ts';

/** A way to a broker that led nowhere. */
export interface Miss {
  readonly way: string;
  readonly why: string;
}

const list = (misses: readonly Miss[]): string => misses.map(({ way, why }) => `  - ${way}: ${why}`).join('\n');

/** One screen that says what to do where no broker could be found or had. */
export const noBrokerScreen = (misses: readonly Miss[]): string => `
Warren needs RabbitMQ, and found no way to one by itself:

${list(misses)}

Any one of these will do; then run the same command again.

  macOS             brew install rabbitmq
  Debian, Ubuntu    sudo apt-get install rabbitmq-server
  Fedora            sudo dnf install rabbitmq-server
  Docker            start Docker: a container of rabbitmq:4-management is then used and removed by itself
  your own broker   AMQP_URL=amqp://user:password@host:5672 npm start      (RabbitMQ 3.10 or newer)
`;

/** There is no broker to be had on this machine; the message is a whole screen. */
export class NoBrokerError extends ExpectedFailure {
  override readonly name = 'NoBrokerError';
  constructor(misses: readonly Miss[]) {
    super(noBrokerScreen(misses));
  }
}
