import { expect } from 'chai';
import { client } from '../support/api.ts';
import { system } from './system.ts';

describe('while the database is down', function () {
  this.timeout(180_000);

  it('a job is accepted with 202, and runs when the database is back', async () => {
    const { warren } = await system();
    const api = client(warren.url);
    const pid = await warren.kill('database', 'SIGSTOP');
    let accepted: Awaited<ReturnType<typeof api.submit>>;
    try {
      accepted = await api.submit('embed', { texts: ['patience'] });
      expect(accepted.status).to.equal(202);
      const looked = await api.call('GET', '/v1/jobs?limit=1');
      expect(looked.status).to.equal(503);
      expect(looked.headers.get('retry-after')).to.match(/^\d+$/);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    expect((await api.done(accepted.body.id)).status).to.equal('succeeded');
  });
});
