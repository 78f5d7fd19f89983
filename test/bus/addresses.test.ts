import { expect } from 'chai';
import { amqpAddresses, amqpProblem } from '../../shared/amqp-addresses.ts';
import { eventually } from '../support/eventually.ts';
import { startProxy } from '../support/proxy.ts';
import { bench } from './bench.ts';

const NOBODY = 'amqp://nobody:x@127.0.0.1:9';

describe('addresses of a broker', () => {
  const here = bench();
  const { use, connect } = here;

  it('are separated by commas, but not by those of a password', () => {
    expect(amqpAddresses('amqp://a:x,y@one:5672/v, amqps://a:x,y@two/v')).to.deep.equal([
      'amqp://a:x,y@one:5672/v',
      'amqps://a:x,y@two/v',
    ]);
  });

  for (const [urls, problem] of [
    ['amqp://one,amqp://two:5673/', undefined],
    ['amqp://one/v,amqps://two/v', undefined],
    ['http://one', /must begin with/],
    ['amqp://one,two', /each node of a cluster by a whole URL/],
    ['amqp://one/a,amqp://two/b', /the same virtual host/],
    ['nonsense', /must begin with/],
  ] as const)
    it(`${urls} ${problem === undefined ? 'will do' : 'will not do'}`, () => {
      if (problem === undefined) expect(amqpProblem(urls)).to.equal(undefined);
      else expect(amqpProblem(urls)).to.match(problem);
    });

  it('are tried until one answers, and the others when that one is lost', async () => {
    const [one, two] = [use(await startProxy(here.vhost.amqpUrl)), use(await startProxy(here.vhost.amqpUrl))];
    two.sever();
    const bus = await connect({ url: [NOBODY, one.url, two.url].join(',') });
    two.heal();
    one.sever();
    await eventually(() => !bus.health().connected, { within: 5_000, what: 'the connection to be lost' });
    await eventually(() => bus.health().connected, { within: 10_000, what: 'the other node to be found' });
  });
});
