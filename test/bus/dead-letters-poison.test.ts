import amqp, { type Channel } from 'amqplib';
import { expect } from 'chai';
import { bench, embed, hear } from './bench.ts';

describe('dead letters', () => {
  const here = bench();
  const { use, connect } = here;

  it('tells a job when the broker itself gives its command up', async () => {
    const bus = await connect();
    const heard = use(await hear(bus));
    use(await bus.readDead());
    const pool = 'poison';
    const wish = embed({ pool });
    await bus.send([wish]);
    await killWorkers(here.vhost.amqpUrl, `embedder.${pool}.normal`);
    await heard.until('the failure', () => heard.types(wish.job).includes('command.failed'));
    const [letter] = await bus.deadLetters.list({ queue: `embedder.${pool}.normal` });
    expect(letter).to.include({ job: wish.job, reason: 'delivery_limit', replayable: true });
    expect(letter?.error).to.include({ code: 'poison_message', retryable: false });
    expect(heard.ofJob(wish.job)[0]?.event.body).to.deep.include({ dead_letter: letter?.id, body: wish.body });
  });
});

/** Takes a message again and again and dies each time, until there is none. */
async function killWorkers(url: string, queue: string): Promise<void> {
  const connection = await amqp.connect(url, { noDelay: true });
  try {
    for (let deaths = 0; deaths < 60; deaths += 1) {
      const channel: Channel = await connection.createChannel();
      const message = await channel.get(queue);
      await channel.close();
      if (message === false && deaths > 20) return;
    }
    throw new Error('the message came more than 60 times');
  } finally {
    await connection.close();
  }
}
