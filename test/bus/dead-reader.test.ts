import { expect } from 'chai';
import { OverloadedError } from '../../shared/bus/broker-errors.ts';
import { connectLink } from '../../shared/bus/connection.ts';
import { deadMessage } from '../../shared/bus/dead-letter.ts';
import { readDead } from '../../shared/bus/dead-reader.ts';
import { envelopeOf } from '../../shared/bus/envelope.ts';
import { createLogger } from '../../shared/logger.ts';
import type { JournalRecord } from '../../shared/messages/record.ts';
import { eventually } from '../support/eventually.ts';
import { bench, embed, publishRaw } from './bench.ts';

describe('the reader of dead letters', () => {
  const here = bench();

  it('tells a job again when it could not be told', async () => {
    await here.connect(); // makes the queues
    const log = createLogger('bus-test', 'silent');
    const link = here.use(connectLink(here.vhost.amqpUrl, 'dead', log));
    const told: JournalRecord[] = [];
    let tries = 0;
    const append = async (records: readonly JournalRecord[]) => {
      tries += 1;
      if (tries === 1) throw new OverloadedError('too much waits for the broker');
      told.push(...records);
    };
    here.use(await readDead(link, { append, publish: async () => {} }, log));
    const command = embed();
    const { content, properties } = envelopeOf(command);
    const message = { content, properties, fields: { routingKey: 'embedder.default.normal' } };
    const error = { code: 'internal', message: 'no', retryable: false, attempts: 1 } as const;
    await publishRaw(here.vhost.amqpUrl, deadMessage(message as never, 'embedder.default.normal', error));
    await eventually(() => told.length > 0, { within: 10_000, what: 'the job to be told' });
    expect(told.map(({ job, event }) => [job, event.type])).to.deep.equal([[command.job, 'command.failed']]);
  });
});
