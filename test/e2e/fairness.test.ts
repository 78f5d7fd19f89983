import { expect } from 'chai';
import { client } from '../support/api.ts';
import { BOB } from '../support/warren.ts';
import { system } from './system.ts';

const JOBS = 400;
const AT_ONCE = 40;

describe('fairness between keys', function () {
  this.timeout(180_000);

  it("lets one job of a key through while another key's hundreds wait in the same lane, and all of them end", async () => {
    const { warren } = await system();
    const [ann, bob] = [client(warren.url), client(warren.url, BOB)];
    const story = { prompt: 'Tell me of rabbits.' };
    const jobs: string[] = [];
    for (let from = 0; from < JOBS; from += AT_ONCE) {
      const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => ann.submit('generate', story)));
      jobs.push(...answers.map(({ body }) => body.id));
    }
    const { body } = await bob.submit('generate', story);
    expect((await bob.done(body.id)).status).to.equal('succeeded');
    const unfinished = jobs.slice(-JOBS / 4).map((id) => ann.job(id));
    const statuses = (await Promise.all(unfinished)).map((answer) => answer.body.status);
    expect(statuses, "the last quarter of the first key's jobs, when the second key's only job was done").to.satisfy(
      (all: string[]) => all.every((status) => status === 'queued'),
    );
    for (const id of jobs) expect((await ann.done(id)).status).to.equal('succeeded');
  });
});
