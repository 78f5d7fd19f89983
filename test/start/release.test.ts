import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { findRelease } from '../../infra/start/broker/release/find-release.ts';
import { treeToolchain, treeVersion } from '../../infra/start/broker/release/tree.ts';
import { seenBy } from '../../infra/start/broker/toolchain.ts';
import { removeScratch, scratch } from './scratch.ts';

const quiet = { log: () => undefined };

/** What a Debian file tree has in it of RabbitMQ's package, as far as it is looked at. */
function tree(version: string): string {
  const root = scratch();
  for (const folder of ['etc', 'usr/lib/rabbitmq/bin', `usr/lib/rabbitmq/lib/rabbitmq_server-${version}`])
    mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, 'usr/lib/rabbitmq/bin/rabbitmq-server'), '#!/bin/sh\n', { mode: 0o755 });
  return root;
}

describe('a RabbitMQ of one version', () => {
  after(removeScratch);

  it('is looked for in the folder that RABBITMQ_FOLDERS names, and nowhere else', async () => {
    const empty = scratch();
    const env = { RABBITMQ_FOLDERS: `3.10=/elsewhere, 4.0=${empty}` };
    const found = await findRelease('4.0', { cacheDir: scratch(), env, ...quiet });
    expect(found).to.equal(`there is no rabbitmq-server in ${empty}`);
  });

  it('is not had from a folder whose programs do not run: it says so', async () => {
    const root = tree('4.0.5');
    const found = await findRelease('4.0', { cacheDir: scratch(), env: { RABBITMQ_FOLDERS: `4.0=${root}` }, ...quiet });
    expect(found).to.contain(`programs of ${root} cannot be run`);
  });

  it('tells the version of a tree by its package', () => {
    expect(treeVersion(tree('4.3.6'))).to.equal('4.3.6');
    expect(treeVersion(scratch())).to.equal(undefined);
  });

  it('sees its data where they lie within the tree', () => {
    const root = tree('4.0.5');
    const tools = treeToolchain(root);
    expect(seenBy(tools, join(root, 'srv/warren/broker'))).to.equal('/srv/warren/broker');
    expect(tools.enter.at(-1)).to.equal(root);
  });
});
