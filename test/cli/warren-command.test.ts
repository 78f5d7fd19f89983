import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { runCli } from '../../infra/cli/program.ts';
import { GatewayDouble, KEY, problem } from './gateway-double.ts';
import { type TerminalDouble, terminalDouble } from './terminal-double.ts';

const CITATION = {
  n: 1,
  document_id: 'docs/a.md',
  passage_id: 'psg_1',
  title: 'A',
  heading: 'Guide › Leave',
  text: 'Unused\ndays lapse.',
  score: 1,
  start: 3,
  end: 20,
};
const RESULT = {
  answer: 'They lapse in March [1].',
  citations: [CITATION, { ...CITATION, n: 2 }],
  model: 'm',
  provider: 'p',
  degraded: false,
};

describe('warren', () => {
  let gateway: GatewayDouble;
  let url: string;
  let folder: string;

  beforeEach(async () => {
    gateway = new GatewayDouble();
    url = await gateway.start();
    folder = await mkdtemp(join(tmpdir(), 'warren-cli-'));
  });
  afterEach(async () => {
    await gateway.stop();
    await rm(folder, { recursive: true });
  });

  async function warren(args: readonly string[], terminal: TerminalDouble = terminalDouble(), key = KEY) {
    const code = await runCli(args, { WARREN_URL: url, WARREN_API_KEY: key }, terminal);
    return { code, out: terminal.stdout(), err: terminal.stderr(), terminal };
  }
  const lines = (text: string): unknown[] =>
    text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
  const delta = (offset: number, text: string, run = 'r1') => ['output.delta', { run, offset, text }] as const;

  describe('ask', () => {
    const answering = (told: Parameters<GatewayDouble['job']>[0]) =>
      gateway.on('POST', /^\/v1\/jobs$/, () => ({ status: 202, body: gateway.job(told) }));

    it('streams the answer, then its sources as footnotes', async () => {
      answering([
        ['job.queued'],
        delta(0, 'They lapse '),
        delta(11, 'in March [1].'),
        ['job.succeeded', { result: RESULT }],
      ]);
      const { code, out } = await warren(['ask', 'When?', '-c', 'handbook', '--top-k', '5', '--filter', 'year=2026']);
      expect(code).to.equal(0);
      expect(out).to.equal(
        'They lapse in March [1].\n\n[1] A › Guide › Leave (docs/a.md:3-20)\n    “Unused days lapse.”\n',
      );
      expect(gateway.calls[0]?.body).to.deep.equal({
        type: 'ask',
        input: { collection: 'handbook', question: 'When?', top_k: 5, filter: { year: 2026 } },
      });
    });

    it('resumes after the last event when the connection is cut, again and again', async () => {
      gateway.cuts.push(2, 0, 1);
      answering([
        ['job.queued'],
        delta(0, 'They lapse '),
        delta(11, 'in March [1].'),
        ['job.succeeded', { result: RESULT }],
      ]);
      const { code, out } = await warren(['ask', 'When?', '-c', 'handbook']);
      expect(code).to.equal(0);
      expect(out.split('\n')[0]).to.equal('They lapse in March [1].');
      expect(gateway.subscriptions.map(({ after }) => after)).to.deep.equal([0, 2, 2, 3]);
    });

    it('begins the text again when a new attempt does', async () => {
      const reset = ['output.reset', { run: 'r2', reason: 'the worker died' }] as const;
      answering([
        delta(0, 'Wrong'),
        reset,
        delta(0, 'They lapse in March [1].', 'r2'),
        ['job.succeeded', { result: RESULT }],
      ]);
      const { out, err } = await warren(['ask', 'When?', '-c', 'handbook']);
      expect(out).to.match(/^Wrong\n\nThey lapse in March \[1\]\.\n\n\[1\]/);
      expect(err).to.equal('(the worker died: the answer begins again)\n');
    });

    it('prints the whole answer when nothing was streamed', async () => {
      answering([['job.succeeded', { result: RESULT }]]);
      expect((await warren(['ask', 'When?', '-c', 'handbook'])).out).to.match(/^They lapse in March \[1\]\.\n/);
    });

    it('lets nothing in an answer move the cursor', async () => {
      answering([delta(0, 'a\u001b[2Jb'), ['job.succeeded', { result: { answer: 'a\u001b[2Jb' } }]]);
      expect((await warren(['ask', 'When?', '-c', 'handbook'])).out).to.equal('a [2Jb\n');
    });

    it('prints events a line each with --json', async () => {
      answering([['job.queued'], delta(0, 'x'), ['job.succeeded', { result: RESULT }]]);
      const { out } = await warren(['ask', 'When?', '-c', 'handbook', '--json']);
      expect(lines(out)).to.deep.include({
        job: 'job_0001',
        seq: 2,
        event: 'output.delta',
        at: '2026-01-31T12:00:00.000Z',
        data: { run: 'r1', offset: 0, text: 'x' },
      });
      expect(lines(out)).to.have.length(3);
    });

    it('says why a job failed, and how to send it back', async () => {
      const error = { code: 'provider_error', message: 'no such model', retryable: false };
      answering([['job.failed', { error, dead_letter: 'dl_1' }]]);
      const { code, err } = await warren(['ask', 'When?', '-c', 'handbook']);
      expect(code).to.equal(1);
      expect(err).to.match(/no such model \(provider_error\)\n.*dead-letters replay dl_1/);
    });

    it('waits as long as the gateway asks before it submits again', async () => {
      let tries = 0;
      gateway.on('POST', /^\/v1\/jobs$/, () =>
        ++tries < 3
          ? problem(503, 'overloaded', 'later', { 'retry-after': '0' })
          : { status: 202, body: gateway.job([['job.succeeded', { result: RESULT }]]) },
      );
      expect((await warren(['ask', 'When?', '-c', 'handbook'])).code).to.equal(0);
      expect(tries).to.equal(3);
    });

    it('says what goes on in the server when it is stopped', async () => {
      const terminal = terminalDouble();
      answering([delta(0, 'They')]);
      const asked = warren(['ask', 'When?', '-c', 'handbook'], { ...terminal, write: () => terminal.stop.abort() });
      const { code } = await asked;
      expect(code).to.equal(130);
      expect(terminal.stderr()).to.match(/job_0001 goes on in the server/);
    });

    it('only prints the id when nobody waits', async () => {
      answering([]);
      expect((await warren(['ask', 'When?', '-c', 'handbook', '--detach'])).out).to.equal('job_0001\n');
    });
  });

  describe('ingest', () => {
    interface Sent {
      readonly id: string;
      readonly text: string;
      readonly mime_type: string;
      readonly metadata: { readonly sha256: string };
    }
    let sent: Sent[][];

    /** Documents whose text contains a word fare as it says. */
    function takingDocuments(known: readonly { id: string; status: string; metadata?: unknown }[] = []) {
      sent = [];
      gateway.on('GET', /documents$/, () => ({ body: { data: known, has_more: false, next_cursor: null } }));
      gateway.on('POST', /^\/v1\/collections\/(.+)\/documents$/, ({ body }) => {
        const documents = body.documents as Sent[];
        if (documents.some(({ text }) => text.includes('REFUSED')))
          return problem(415, 'unsupported_media_type', 'no text');
        sent.push(documents);
        const result = documents.map(({ id, text }) =>
          text.includes('BROKEN')
            ? { id, status: 'failed', passages: 0, error: 'cannot be read' }
            : { id, status: 'searchable', passages: 1 },
        );
        const failed = result.some(({ status }) => status === 'failed');
        const error = { code: 'partially_failed', message: 'some failed', retryable: false };
        const progress = ['job.progress', { done: 1, total: 2, stage: 'texts.embed' }] as const;
        const end = failed
          ? (['job.failed', { error, result: { documents: result } }] as const)
          : (['job.succeeded', { result: { documents: result } }] as const);
        return { status: 202, body: gateway.job([progress, end], { type: 'ingest' }) };
      });
    }

    async function files(contents: Readonly<Record<string, string | Buffer>>): Promise<void> {
      for (const [name, content] of Object.entries(contents)) {
        await mkdir(join(folder, name, '..'), { recursive: true });
        await writeFile(join(folder, name), content);
      }
    }

    it('walks folders, leaves out what is hidden, and gives ids that stay', async () => {
      takingDocuments();
      await files({
        'docs/b.md': '# B',
        'docs/sub/a.html': '<p>a',
        'docs/c.TXT': 'c',
        'docs/.secret.md': 'x',
        'docs/node_modules/p/README.md': 'x',
        'docs/image.png': 'x',
      });
      const { code, out } = await warren(['ingest', join(folder, 'docs'), '-c', 'handbook']);
      expect(code).to.equal(0);
      expect(sent.flat().map(({ id, mime_type }) => [id, mime_type])).to.deep.equal([
        ['docs/b.md', 'text/markdown'],
        ['docs/c.TXT', 'text/plain'],
        ['docs/sub/a.html', 'text/html'],
      ]);
      expect(out).to.equal('3 documents for "handbook": 3 searchable\n');
    });

    it('tells what failed and why, and goes on with the rest', async () => {
      takingDocuments();
      await files({
        'docs/good.md': 'good',
        'docs/bad.md': 'BROKEN',
        'docs/binary.txt': Buffer.from([0, 1, 2]),
        'docs/empty.md': '  ',
        'docs/refused.md': 'REFUSED',
      });
      const { code, out, err } = await warren(['ingest', join(folder, 'docs'), '-c', 'handbook']);
      expect(code).to.equal(1);
      expect(out).to.equal('5 documents for "handbook": 1 searchable, 4 failed\n');
      for (const line of [
        'docs/bad.md: cannot be read',
        'docs/binary.txt: it is not UTF-8 text',
        'docs/empty.md: it is empty',
        'docs/refused.md: no text',
      ])
        expect(err).to.include(`failed ${line}`);
    });

    it('does not send again what is searchable unchanged, unless told to', async () => {
      takingDocuments();
      await files({ 'docs/a.md': 'a', 'docs/b.md': 'b' });
      await warren(['ingest', join(folder, 'docs'), '-c', 'handbook']);
      const known = sent
        .flat()
        .map(({ id, metadata }) => ({ id, status: id === 'docs/a.md' ? 'searchable' : 'failed', metadata }));
      takingDocuments(known);
      expect((await warren(['ingest', join(folder, 'docs'), '-c', 'handbook'])).out).to.match(
        /1 searchable, 1 unchanged/,
      );
      expect(sent.flat().map(({ id }) => id)).to.deep.equal(['docs/b.md']);
      await warren(['ingest', join(folder, 'docs'), '-c', 'handbook', '--force']);
      expect(sent.flat()).to.have.length(3);
    });

    it('sends many files as jobs of bounded size, and shows how far it is', async () => {
      takingDocuments();
      await files(Object.fromEntries(Array.from({ length: 150 }, (_, n) => [`docs/${n}.txt`, `text ${n}`])));
      const { out, terminal } = await warren(['ingest', join(folder, 'docs'), '-c', 'handbook', '--json']);
      const summary = JSON.parse(out) as Record<string, unknown> & { documents: unknown[] };
      expect(summary).to.include({ collection: 'handbook', searchable: 150, failed: 0, interrupted: false });
      expect(summary.documents).to.have.length(150);
      expect(summary.jobs).to.have.length(3);
      expect(Math.max(...sent.map((documents) => documents.length))).to.equal(64);
      expect(terminal.progressed.at(-1)).to.deep.equal([150, 150]);
    });

    it('refuses what is not there, and two files of one name', async () => {
      await files({ 'a/x.md': 'x', 'b/x.md': 'x', 'x.pdf': 'x' });
      expect((await warren(['ingest', join(folder, 'none'), '-c', 'h'])).code).to.equal(2);
      expect((await warren(['ingest', join(folder, 'x.pdf'), '-c', 'h'])).err).to.match(/cannot be sent/);
      const { code, err } = await warren(['ingest', join(folder, 'a/x.md'), join(folder, 'b/x.md'), '-c', 'h']);
      expect(code).to.equal(2);
      expect(err).to.match(/same id "x\.md"/);
    });

    it('says what goes on in the server when it is stopped', async () => {
      gateway.on('GET', /documents$/, () => problem(404, 'collection_not_found', 'none'));
      gateway.on('POST', /documents$/, () => ({
        status: 202,
        body: gateway.job([['job.queued']], { type: 'ingest' }),
      }));
      await files({ 'docs/a.md': 'a' });
      const terminal = terminalDouble();
      const ingesting = warren(['ingest', join(folder, 'docs'), '-c', 'handbook'], terminal);
      while (gateway.subscriptions.length === 0) await new Promise((resolve) => setImmediate(resolve));
      terminal.stop.abort();
      expect((await ingesting).code).to.equal(130);
      expect(terminal.stderr()).to.match(/1 job goes on in the server: job_0001/);
    });
  });

  describe('search, jobs and collections', () => {
    it('shows what was found', async () => {
      const passage = { ...CITATION, metadata: {} };
      gateway.on('POST', /search$/, () => ({ body: { results: [passage] } }));
      const { out } = await warren(['search', 'days', '-c', 'handbook', '--mode', 'text']);
      expect(out).to.equal('1. A › Guide › Leave 1.000 · docs/a.md:3-20\n   Unused days lapse.\n');
      expect(gateway.calls.at(-1)?.body).to.deep.equal({ collection: 'handbook', query: 'days', mode: 'text' });
      expect(lines((await warren(['search', 'days', '-c', 'handbook', '--json'])).out)).to.deep.equal([
        { results: [passage] },
      ]);
    });

    it('lists jobs over as many pages as it needs', async () => {
      const all = Array.from({ length: 130 }, () => gateway.job([]));
      gateway.on('GET', /^\/v1\/jobs$/, ({ query }) => {
        const from = Number(query.get('after') ?? 0);
        const to = from + Number(query.get('limit'));
        return {
          body: {
            data: all.slice(from, to),
            has_more: to < all.length,
            next_cursor: to < all.length ? String(to) : null,
          },
        };
      });
      const { out } = await warren(['jobs', '--limit', '120', '--status', 'queued']);
      expect(out.trim().split('\n')).to.have.length(121);
      expect(gateway.calls[0]?.query.get('status')).to.equal('queued');
    });

    it('shows a job, and follows one', async () => {
      const { id } = gateway.job([
        ['job.queued'],
        ['job.started', { stage: 'texts.embed' }],
        delta(0, 'Hello'),
        ['job.succeeded', { result: { answer: 'Hello' } }],
      ]);
      expect((await warren(['job', id])).out).to.match(/status +succeeded/);
      const { out, code } = await warren(['job', id, '--follow']);
      expect(code).to.equal(0);
      expect(out).to.match(
        /12:00:00 +1 job\.queued\n12:00:00 +2 job\.started texts\.embed\nHello\n12:00:00 +4 job\.succeeded\n$/,
      );
      expect(lines((await warren(['job', id, '--json'])).out)).to.have.length(1);
    });

    it('cancels', async () => {
      const { id } = gateway.job([]);
      gateway.on('POST', /cancel$/, () => ({ status: 202, body: gateway.job([]) }));
      expect((await warren(['cancel', id, '--reason', 'enough'])).code).to.equal(0);
      expect(gateway.calls.at(-1)).to.deep.include({ path: `/v1/jobs/${id}/cancel`, body: { reason: 'enough' } });
    });

    it('lists collections, queues and workers', async () => {
      gateway.on('GET', /collections$/, () => ({
        body: {
          data: [{ name: 'h', documents: 2, passages: 9, embedding_model: 'm', created_at: new Date().toISOString() }],
        },
      }));
      gateway.on('GET', /queues$/, () => ({
        body: {
          data: [
            { name: 'full', depth: 3, consumers: 1 },
            { name: 'idle', depth: 0, consumers: 0 },
          ],
        },
      }));
      gateway.on('GET', /workers$/, () => ({
        body: {
          data: [
            {
              id: 'w',
              service: 'embedder',
              pool: 'default',
              host: 'box',
              pid: 7,
              busy: 1,
              concurrency: 8,
              models: ['m'],
              breakers: { local: 'closed' },
            },
          ],
        },
      }));
      expect((await warren(['collections'])).out).to.match(/h +2 +9 +m/);
      expect((await warren(['queues'])).out)
        .to.match(/full +3/)
        .and.not.match(/idle/);
      expect((await warren(['queues', '--all'])).out).to.match(/idle +0/);
      expect((await warren(['workers'])).out).to.match(/embedder +default +box:7 +1\/8 +m +local closed/);
    });
  });

  describe('dead-letters', () => {
    const letter = (n: number) => ({
      id: `dl_${n}`,
      job: 'job_1',
      type: 'answer.generate',
      queue: 'generator.default.normal',
      attempts: 3,
      error: { code: 'provider_error', message: `boom ${n}` },
      died_at: new Date().toISOString(),
    });
    let acted: Record<string, unknown>[];

    beforeEach(() => {
      acted = [];
      gateway.on('GET', /^\/v1\/dead-letters$/, () => ({
        body: { data: [1, 2, 3].map(letter), has_more: false, next_cursor: null },
      }));
      gateway.on('GET', /^\/v1\/dead-letters\/dl_1$/, () => ({ body: { ...letter(1), body: { question: 'q' } } }));
      gateway.on('POST', /^\/v1\/dead-letters\/(replay|discard)$/, ({ body }, [deed]) => {
        if (body.dry_run === true) return { status: 202, body: { matched: 3 } };
        acted.push(body);
        const done = (body.ids as string[]).length;
        return {
          status: 202,
          body: { matched: done, [deed === 'replay' ? 'replayed' : 'discarded']: done, skipped: [] },
        };
      });
    });

    it('lists and shows', async () => {
      expect((await warren(['dead-letters', 'list', '--error', 'provider_error', '--after', '2h'])).out).to.match(
        /dl_1 .*boom 1\n.*dl_2/,
      );
      expect(gateway.calls[0]?.query.get('error_code')).to.equal('provider_error');
      expect((await warren(['dead-letters', 'show', 'dl_1'])).out).to.match(/"question": "q"/);
      expect((await warren(['dead-letters', 'show', 'dl_9'])).code).to.equal(4);
    });

    it('does nothing unless somebody says yes', async () => {
      expect((await warren(['dead-letters', 'replay'])).code).to.equal(2);
      const { code, terminal } = await warren(['dead-letters', 'replay'], terminalDouble({ answers: false }));
      expect(code).to.equal(2);
      expect(terminal.questions).to.deep.equal(['Replay 3 dead letters?']);
      expect((await warren(['dead-letters', 'replay', '--dry-run'])).out).to.equal(
        'Would replay 3 dead letters. Nothing was done.\n',
      );
      expect(acted).to.deep.equal([]);
    });

    it('replays each letter once, however often it is listed', async () => {
      const { code, out, terminal } = await warren(['dead-letters', 'replay', '--yes']);
      expect(code).to.equal(0);
      expect(out).to.equal('replayed 3 of 3 dead letters.\n');
      expect(acted.flatMap(({ ids }) => ids)).to.deep.equal(['dl_1', 'dl_2', 'dl_3']);
      expect(terminal.progressed.at(-1)).to.deep.equal([3, 3]);
    });

    it('keeps to a rate over requests as well', async () => {
      const before = Date.now();
      await warren(['dead-letters', 'replay', '--yes', '--rate', '0.39', '--limit', '2']);
      expect(acted).to.deep.equal([
        { ids: ['dl_1'], rate_per_s: 0.39 },
        { ids: ['dl_2'], rate_per_s: 0.39 },
      ]);
      expect(Date.now() - before).to.be.at.least(1000 / 0.39 - 50);
    });

    it('discards only what it is told to', async () => {
      expect((await warren(['dead-letters', 'discard', '--yes'])).code).to.equal(2);
      expect((await warren(['dead-letters', 'discard', 'dl_1', '--yes', '--json'])).out).to.match(/"discarded":1/);
      expect(acted).to.deep.equal([{ ids: ['dl_1'] }]);
    });
  });

  describe('exit codes', () => {
    it('tell wrong use, nobody there, not found and not authorised apart', async () => {
      expect((await warren(['ask', 'x'])).code).to.equal(2);
      expect((await warren(['jobs', '--status', 'odd'])).code).to.equal(2);
      expect((await warren(['nonsense'])).code).to.equal(2);
      expect((await warren(['jobs', '--url', 'ftp://x'])).code).to.equal(2);
      expect((await warren(['jobs', '--url', 'http://127.0.0.1:9'])).code).to.equal(3);
      expect((await warren(['job', 'job_none'])).code).to.equal(4);
      expect((await warren(['job', 'job_none', '--follow'])).code).to.equal(4);
      expect((await warren(['jobs'], terminalDouble(), 'wrong')).code).to.equal(5);
      expect((await warren(['job', 'job_none', '--follow'], terminalDouble(), 'wrong')).code).to.equal(5);
    });

    it('are explained by --help, on stdout', async () => {
      const { code, out } = await warren(['--help']);
      expect(code).to.equal(0);
      expect(out).to.match(/Exit codes: 0 done/);
      expect((await warren(['dead-letters', 'replay', '--help'])).out).to.match(/--dry-run/);
    });
  });

  describe('as a process', function () {
    this.timeout(60_000);
    const start = (args: readonly string[]) =>
      spawn(process.execPath, ['--import', 'tsx', 'infra/cli/main.ts', ...args], {
        env: { ...process.env, WARREN_URL: url, WARREN_API_KEY: KEY },
        stdio: ['ignore', 'pipe', 'pipe'],
      });

    it('stops at Ctrl-C and says what goes on', async () => {
      const { id } = gateway.job([['job.queued']]);
      const child = start(['job', id, '--follow']);
      let err = '';
      child.stderr.on('data', (text) => {
        err += String(text);
      });
      await once(child.stdout, 'data');
      child.kill('SIGINT');
      expect((await once(child, 'close'))[0]).to.equal(130);
      expect(err).to.match(/goes on in the server/);
    });

    it('does not mind when nobody reads on', async () => {
      const { id } = gateway.job(
        Array.from({ length: 2000 }, (_, n) => ['job.progress', { done: n, total: 5000, stage: 'x' }] as const),
      );
      const child = start(['job', id, '--follow', '--json']);
      let err = '';
      child.stderr.on('data', (text) => {
        err += String(text);
      });
      await once(child.stdout, 'data');
      child.stdout.destroy();
      gateway.tell(id, 'job.progress', { done: 5000, total: 5000, stage: 'x' });
      expect((await once(child, 'close'))[0]).to.equal(0);
      expect(err).to.equal('');
    });
  });
});
