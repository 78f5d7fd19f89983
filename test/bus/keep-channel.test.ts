import type { Channel } from 'amqplib';
import { expect } from 'chai';
import { connectLink } from '../../shared/bus/connection.ts';
import { keepChannel } from '../../shared/bus/keep-channel.ts';
import { createLogger } from '../../shared/logger.ts';
import { eventually } from '../support/eventually.ts';
import { bench } from './bench.ts';

describe('a kept channel', () => {
  const here = bench();

  it('that answers no more can be given up for another, on the same connection', async () => {
    const log = createLogger('bus-test', 'silent');
    const link = here.use(connectLink(here.vhost.amqpUrl, 'kept', log));
    const opened: Channel[] = [];
    const gone: Channel[] = [];
    const keeper = here.use(
      keepChannel({
        link,
        log,
        name: 'kept',
        open: (connection) => connection.createChannel(),
        opened: (channel) => void opened.push(channel),
        gone: (channel) => void gone.push(channel),
      }),
    );
    await eventually(() => opened.length === 1, { within: 5_000, what: 'the first channel' });
    keeper.renew();
    await eventually(() => opened.length === 2, { within: 5_000, what: 'the next one' });
    expect(gone).to.deep.equal([opened[0]]);
    expect(opened[1]?.connection).to.equal(opened[0]?.connection);
  });
});
