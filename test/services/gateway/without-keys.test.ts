import { expect } from 'chai';
import { ANN, client, EMBED } from './fixture.ts';
import { suiteFixture } from './suite-fixture.ts';

describe('gateway: without any key', () => {
  const open = suiteFixture({ keys: [] });

  it('everything belongs to `local`, who is an admin', async () => {
    const { status, body } = await client(open.url, '').post('/v1/jobs', EMBED);
    expect(status).to.equal(202);
    expect((await open.stage.job(body.id)).owner).to.equal('local');
    expect((await client(open.url, '').get('/v1/queues')).status).to.equal(200);
    expect((await client(open.url, ANN).get(`/v1/jobs/${body.id}`)).status).to.equal(200);
  });

  it('pages of other sites are kept out', async () => {
    const foreign = await client(open.url, '').post('/v1/jobs', EMBED, { origin: 'https://elsewhere.example' });
    expect([foreign.status, foreign.body.code]).to.deep.equal([403, 'forbidden']);
    const own = await client(open.url, '').post('/v1/jobs', EMBED, { origin: 'http://localhost:5173' });
    expect(own.status).to.equal(202);
  });
});
