import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { listQueues } from '../../shared/bus/queues.ts';

describe('queues as the management API tells them', () => {
  let server: Server;
  const listed = () => [
    { name: 'embedder.default.low', messages_ready: 7, messages_unacknowledged: 2, consumers: 1 },
    { name: 'journal.0', messages_ready: 1, consumers: 1, head_message_timestamp: Math.floor(Date.now() / 1000) - 60 },
    { name: 'amq.gen-1', messages_ready: 1, consumers: 1 },
  ];

  before((done) => {
    server = createServer((_, answer) => answer.end(JSON.stringify(listed()))).listen(0, '127.0.0.1', done);
  });
  after((done) => {
    server.close(done);
  });

  it('have the age of their oldest message only where it is told', async () => {
    const { port } = server.address() as AddressInfo;
    const found = await listQueues(`http://guest:guest@127.0.0.1:${port}`, 'amqp://127.0.0.1');
    expect(found.map(({ name }) => name)).to.deep.equal(['embedder.default.low', 'journal.0']);
    expect(found[0]).to.include({ depth: 7, unacked: 2, oldest_age_s: null });
    expect(found[1]?.oldest_age_s).to.be.within(60, 90);
  });
});
