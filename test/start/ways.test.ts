import { createServer } from 'node:net';
import { expect } from 'chai';
import { runArguments } from '../../infra/start/broker/docker.ts';
import { noBrokerScreen } from '../../infra/start/broker/no-broker.ts';
import { nodeConfig } from '../../infra/start/broker/node-files.ts';
import { freePorts, isFree } from '../../infra/start/broker/ports.ts';
import { packagesToAdd, withoutOurs } from '../../infra/start/broker/unpacked.ts';
import { WAYS, waysFor } from '../../infra/start/broker/ways.ts';

const identity = {
  kind: 'native',
  name: 'warren-1',
  user: 'warren',
  password: 'secret',
  ports: { amqp: 20_001, management: 20_002, distribution: 20_003, epmd: 20_004 },
} as const;

describe('ways to a broker', () => {
  it('go from what is there to what must be fetched', () => {
    expect(WAYS.map(({ id }) => id)).to.deep.equal(['installed', 'docker', 'apt', 'unpack']);
  });

  it('begin with the kind that holds the data of this folder', () => {
    expect(waysFor(WAYS, 'docker').map(({ id }) => id)).to.deep.equal(['docker', 'installed', 'apt', 'unpack']);
    expect(waysFor(WAYS, 'native').map(({ id }) => id)).to.deep.equal(['installed', 'apt', 'unpack', 'docker']);
  });

  it('that led nowhere are all told, with what to do instead', () => {
    const screen = noBrokerScreen([{ way: 'Docker', why: 'not installed' }]);
    expect(screen).to.contain('Docker: not installed').and.to.contain('brew install').and.to.contain('AMQP_URL=');
    expect(screen.split('\n').length, 'one screen').to.be.lessThan(24);
  });

  it('let a private node listen on loopback only, and hold deliveries for hours', () => {
    const config = nodeConfig(identity);
    expect(config).to.contain('listeners.tcp.1 = 127.0.0.1:20001').and.to.contain('management.tcp.ip = 127.0.0.1');
    expect(config).to.contain('consumer_timeout = 21600000');
  });

  it('publish a container on loopback only, with its standard input tied to us', () => {
    const args = runArguments('/somewhere', identity);
    const published = args.filter((_, index) => args[index - 1] === '--publish');
    expect(published).to.deep.equal(['127.0.0.1:20001:5672', '127.0.0.1:20002:15672']);
    expect(args).to.include.members(['--interactive', '--rm', 'RABBITMQ_ALLOW_INPUT=1', 'rabbitmq:4-management']);
  });

  it('unpack the packages that apt would add, and always Erlang and RabbitMQ', () => {
    const simulation = `Inst libsctp1 (1.0.19 Debian:12 [amd64])
Inst erlang-base [1:25.1] (1:25.2.3+dfsg-1 Debian:12 [amd64])
Conf libsctp1 (1.0.19 Debian:12 [amd64])`;
    expect(packagesToAdd(simulation)).to.deep.equal(['libsctp1=1.0.19', 'erlang-base=1:25.2.3+dfsg-1']);
    const status =
      'Package: adduser\nStatus: ok\n\nPackage: rabbitmq-server\nStatus: ok\n\nPackage: erlang-base\n\nPackage: zlib1g\n';
    expect(withoutOurs(status)).to.equal('Package: adduser\nStatus: ok\n\nPackage: zlib1g\n');
  });
});

describe('ports', () => {
  it('are free, different from each other, and the preferred ones where these are free', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const address = taken.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    try {
      expect(await isFree(port)).to.equal(false);
      const [preferred = 0] = await freePorts([undefined]);
      const ports = await freePorts([preferred, port, undefined]);
      expect(ports[0]).to.equal(preferred);
      expect(ports[1]).to.not.equal(port);
      expect(new Set(ports).size).to.equal(3);
    } finally {
      taken.close();
    }
  });
});
