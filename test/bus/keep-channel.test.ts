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

  it('is opened again when it was closed before anybody could listen to it', async () => {
    const log = createLogger('bus-test', 'silent');
    const link = here.use(connectLink(here.vhost.amqpUrl, 'kept', log));
    const opened: Channel[] = [];
    let tries = 0;
    here.use(
      keepChannel({
        link,
        log,
        name: 'kept',
        open: async (connection) => {
          tries += 1;
          const channel = await connection.createChannel();
          // As when the broker's last words come in one chunk with `channel.open-ok`.
          if (tries === 1) await connection.close();
          return channel;
        },
        opened: (channel) => void opened.push(channel),
      }),
    );
    await eventually(() => tries === 2 && opened.length > 0, { within: 5_000, what: 'the next channel' });
    expect(opened).to.have.lengthOf(1);
  });
});
