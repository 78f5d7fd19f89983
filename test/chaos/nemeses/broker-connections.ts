import { SERVICES } from '../../../infra/start/supervisor/run-file.ts';
import type { Nemesis } from './nemesis.ts';
import { once } from './nemesis.ts';

interface Connection {
  readonly name: string;
  readonly user_provided_name?: string;
}

export const brokerConnections: Nemesis = {
  name: 'broker-connections',
  about: 'all connections of a service are closed from the management API',
  targets: () => SERVICES,
  draw: once,
  async strike({ broker }, { target }) {
    const all = await broker.api<Connection[]>('GET', 'connections?columns=name,user_provided_name');
    const own = all.filter(({ user_provided_name: name = '' }) => name.includes(target));
    await Promise.all(
      own.map(({ name }) =>
        // One that has gone meanwhile is as good as closed.
        broker.api('DELETE', `connections/${encodeURIComponent(name)}`).catch(() => undefined),
      ),
    );
  },
};
