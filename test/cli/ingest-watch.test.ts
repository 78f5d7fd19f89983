import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Job } from '../../infra/cli/api-types.ts';
import { eventually } from '../support/eventually.ts';
import { CollectionDouble, type SentDocument } from './collection-double.ts';
import { problem } from './gateway-double.ts';
import { Harness } from './harness.ts';
import { type TerminalDouble, terminalDouble } from './terminal-double.ts';

const WITHIN_MS = 15_000;

describe('warren ingest --watch', function () {
  this.timeout(60_000);
  let harness: Harness;
  let collection: CollectionDouble;
  let terminal: TerminalDouble;
  let watching: ReturnType<Harness['warren']>;

  const path = (name: string) => join(harness.folder, name);
  const sees = (what: string, check: () => boolean) => eventually(check, { within: WITHIN_MS, what });
  const ids = () => [...collection.documents.keys()].sort();

  beforeEach(async () => {
    harness = new Harness();
    await harness.start();
    collection = new CollectionDouble(harness.gateway);
    terminal = terminalDouble();
    await harness.files({ 'docs/a.md': 'a', 'docs/sub/b.md': 'b' });
    watching = harness.warren(['ingest', path('docs'), '-c', 'notes', '--watch'], terminal);
    await sees('it to watch', () => terminal.stderr().includes('Watching'));
  });
  afterEach(async () => {
    terminal.stop.abort();
    await watching;
    await harness.stop();
  });

  it('sends what is new or changed, removes what was deleted, and ends in order', async () => {
    expect(ids()).to.deep.equal(['docs/a.md', 'docs/sub/b.md']);
    await harness.files({ 'docs/a.md': 'changed', 'docs/new.md': 'new', 'docs/.hidden.md': 'x', 'docs/x.png': 'x' });
    await rm(path('docs/sub/b.md'));
    await sees('the changes', () => collection.removed.length === 1 && ids().includes('docs/new.md'));
    expect(collection.sentIds.slice(2).sort()).to.deep.equal(['docs/a.md', 'docs/new.md']);
    expect(collection.removed).to.deep.equal(['docs/sub/b.md']);
    terminal.stop.abort();
    expect((await watching).code).to.equal(130);
    expect(terminal.stderr()).to.match(/Stopped watching\.\n$/);
  });

  it('takes an editor’s write beside and rename for the change that it is', async () => {
    await harness.files({ 'docs/a.md.tmp': 'edited' });
    await rename(path('docs/a.md.tmp'), path('docs/a.md'));
    await sees('the edit', () => collection.sent.length === 2);
    expect(collection.sent[1]?.map(({ id, text }) => [id, text])).to.deep.equal([['docs/a.md', 'edited']]);
    expect(collection.removed).to.deep.equal([]);
  });

  it('follows a folder that is renamed', async () => {
    await rename(path('docs/sub'), path('docs/other'));
    await sees('the new name', () => ids().includes('docs/other/b.md') && collection.removed.length === 1);
    expect(ids()).to.deep.equal(['docs/a.md', 'docs/other/b.md']);
  });

  it('does not send what was touched and is the same', async () => {
    await harness.files({ 'docs/a.md': 'a' });
    await sees('the look at it', () => terminal.stdout().includes('1 unchanged'));
    expect(collection.sent).to.have.lengthOf(1);
  });

  it('leaves the documents of a folder that is gone altogether', async () => {
    await rename(path('docs'), path('unplugged'));
    await sees('it to say so', () => terminal.stderr().includes('its documents stay'));
    expect(ids()).to.deep.equal(['docs/a.md', 'docs/sub/b.md']);
  });

  it('sends nothing a second time that is under way when something else fails', async () => {
    const large = (word: string) => `${word} ${'x'.repeat(3 * 1024 * 1024)}`;
    const posted: string[][] = [];
    let job: Job | undefined;
    harness.gateway.on('POST', /documents$/, ({ body }) => {
      const documents = body.documents as SentDocument[];
      posted.push(documents.map(({ id }) => id));
      if (posted.length === 1) return problem(500, 'internal', 'not now');
      const input = { documents: documents.map(({ id, metadata }) => ({ id, metadata })) };
      const made = harness.gateway.job([['job.queued']], { type: 'ingest', status: 'running', input });
      if (posted.length > 2) harness.gateway.tell(made.id, 'job.succeeded', { result: {} });
      else job = made;
      return { status: 202, body: made };
    });
    await harness.files({ 'docs/c.md': large('c'), 'docs/d.md': large('d') });
    await sees('one job under way', () => job !== undefined);
    const [[refused], [accepted]] = posted as [string[], string[]];
    harness.gateway.tell(job?.id ?? '', 'job.succeeded', { result: {} });
    await sees('the second try', () => posted.length > 2);
    await sees('its end', () => terminal.stdout().split('\n').length > 2);
    expect(posted).to.deep.equal([[refused], [accepted], [refused]]);
  });

  it('follows on what was accepted before the gateway went away', async () => {
    let [posts, job] = [0, undefined as Job | undefined];
    harness.gateway.on('POST', /documents$/, ({ body }) => {
      posts += 1;
      const [document] = body.documents as SentDocument[];
      const input = { documents: [{ id: document?.id, metadata: document?.metadata }] };
      job = harness.gateway.job([['job.queued']], { type: 'ingest', status: 'running', input });
      collection.unfinished.push(job);
      return { status: 202, body: job };
    });
    let looks = 0;
    harness.gateway.on('GET', /^\/v1\/jobs\/job_/, () => {
      looks += 1;
      if (looks === 1) return problem(500, 'internal', 'not now');
      return { body: { ...job, status: 'succeeded', result: {} } };
    });
    await harness.files({ 'docs/new.md': 'new' });
    await sees('the job', () => job !== undefined);
    harness.gateway.tell(job?.id ?? '', 'job.succeeded', { result: {} });
    await sees('the second look', () => looks > 1);
    expect(posts).to.equal(1);
  });

  it('outlives a gateway that is away', async () => {
    let refusals = 1;
    harness.gateway.on('DELETE', /documents/, () => {
      refusals -= 1;
      if (refusals >= 0) return problem(500, 'internal', 'not now');
      collection.documents.delete('docs/a.md');
      return { status: 204 };
    });
    await rm(path('docs/a.md'));
    await sees('the second try', () => refusals < 0);
    expect(terminal.stderr()).to.match(/not now; trying again/);
  });
});
