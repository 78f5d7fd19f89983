import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { runEval } from '../../infra/eval/command.ts';
import { type Call, GatewayDouble, KEY } from '../cli/gateway-double.ts';
import { type TerminalDouble, terminalDouble } from '../cli/terminal-double.ts';

const lines = (...rows: object[]): string => rows.map((row) => JSON.stringify(row)).join('\n');

const CORPUS = lines(
  { _id: 'tea.1', section: 'tea', text: 'Tea is steeped.' },
  { _id: 'tea.2', section: 'tea', text: 'For three minutes.' },
  { _id: 'coffee', text: 'Coffee is ground.' },
  { _id: 'water', text: 'Water boils.' },
);
const QUERIES = lines({ _id: 'q1', text: 'how long for tea?' }, { _id: 'q2', text: 'what of coffee?' });
const QRELS = lines({ query: 'q1', section: 'tea' }, { query: 'q2', section: 'coffee' });

/** What the double finds: everything at its best in `hybrid`, one place down by words, nothing in `vector`. */
const FOUND: Record<string, string[]> = {
  'how long for tea?': ['tea', 'tea', 'water', 'coffee'],
  'what of coffee?': ['coffee', 'water', 'tea'],
};
const ranking = ({ query, mode }: Record<string, unknown>): string[] => {
  const best = FOUND[String(query)] ?? [];
  return mode === 'hybrid' ? best : mode === 'text' ? ['water', ...best] : [];
};

describe('npm run eval', () => {
  let gateway: GatewayDouble;
  let url = '';
  let folder = '';

  beforeEach(async () => {
    gateway = new GatewayDouble();
    url = await gateway.start();
    folder = await mkdtemp(join(tmpdir(), 'warren-eval-'));
    for (const [name, text] of Object.entries({ corpus: CORPUS, queries: QUERIES, qrels: QRELS }))
      await writeFile(join(folder, name), text);
    gateway.on('POST', /^\/v1\/collections\/([^/]+)\/documents$/, ({ body }) => ({
      status: 202,
      body: ingested(body),
    }));
    gateway.on('GET', /^\/v1\/collections$/, () => ({
      body: { data: [{ name: collection(), embedding_model: 'mini', documents: 3, passages: 4 }], has_more: false },
    }));
    gateway.on('POST', /^\/v1\/search$/, ({ body }) => ({
      body: { results: ranking(body).map((document_id) => ({ document_id })) },
    }));
  });
  afterEach(async () => {
    await gateway.stop();
    await rm(folder, { recursive: true });
  });

  const ingested = ({ documents }: Record<string, unknown>) => {
    const result = { documents: (documents as { id: string }[]).map(({ id }) => ({ id, status: 'searchable' })) };
    return gateway.job(
      [
        ['job.progress', { done: 2, total: 4 }],
        ['job.succeeded', { result }],
      ],
      { type: 'ingest' },
    );
  };
  const calls = (path: RegExp): Call[] =>
    gateway.calls.filter((call) => call.method === 'POST' && path.test(call.path));
  const collection = () => /collections\/([^/]+)\//.exec(calls(/documents$/)[0]?.path ?? '')?.[1];

  async function evaluate(args: readonly string[] = [], terminal: TerminalDouble = terminalDouble()) {
    let released = 0;
    const reach = async () => ({ url, key: KEY, abandon: () => {}, release: async () => void released++ });
    const files = ['--corpus', 'corpus', '--queries', 'queries', '--qrels', 'qrels'];
    const code = await runEval([...files, ...args], { terminal, env: {}, folder }, reach);
    return { code, out: terminal.stdout(), err: terminal.stderr(), released };
  }
  const report = async (name: string) => JSON.parse(await readFile(join(folder, name), 'utf8'));

  it('ingests documents, asks every question in every mode and shows the scores', async () => {
    const { code, out, err, released } = await evaluate(['--json', 'report.json']);
    expect(err).to.equal('');
    expect([code, released]).to.deep.equal([0, 1]);
    expect(calls(/documents$/).map(({ body }) => body.documents)).to.deep.equal([
      [
        {
          id: 'tea',
          text: 'Tea is steeped.\n\nFor three minutes.',
          mime_type: 'text/plain',
          metadata: { eval_id: 'tea' },
        },
        { id: 'coffee', text: 'Coffee is ground.', mime_type: 'text/plain', metadata: { eval_id: 'coffee' } },
        { id: 'water', text: 'Water boils.', mime_type: 'text/plain', metadata: { eval_id: 'water' } },
      ],
    ]);
    expect(calls(/search$/)).to.have.length(6);
    expect(out).to.match(/^3 documents, 4 passages in "eval-[0-9a-f]{12}" \(mini\), 2 questions$/m);
    expect(out).to.match(/^hybrid +1\.000 \[1\.000 1\.000\] +1\.000 .* ms +\d+ ms$/m);
    expect(out).to.match(/^text +1\.000 \[1\.000 1\.000\] +\.500 \[\.500 \.500\] +\.631 \[\.631 \.631\]/m);
    expect(out).to.match(/^hybrid - vector +\+1\.000 \[\+1\.000 \+1\.000\] \*/m);
    const { modes, k, corpus } = await report('report.json');
    expect(k).to.equal(10);
    expect(corpus).to.include({ documents: 3, passages: 4 });
    expect(modes.vector.by_question.q1).to.deep.equal({ recall: 0, mrr: 0, ndcg: 0 });
  });

  it('asks for more passages when they are of too few documents', async () => {
    const passages = [...Array.from({ length: 8 }, () => 'tea'), 'coffee'];
    gateway.on('POST', /^\/v1\/search$/, ({ body }) => ({
      body: { results: passages.slice(0, Number(body.top_k)).map((document_id) => ({ document_id })) },
    }));
    const { out } = await evaluate(['--modes', 'hybrid', '--k', '2']);
    expect(calls(/search$/).map(({ body }) => body.top_k)).to.have.members([8, 8, 100, 100]);
    expect(out).to.match(/^hybrid +1\.000 .* \.750 /m);
  });

  it('finds no drop against itself, and fails on a significant one', async () => {
    await evaluate(['--json', 'before.json']);
    const same = await evaluate(['--baseline', 'before.json']);
    expect(same.code).to.equal(0);
    expect(same.out).to.match(/^hybrid +\+\.000 \[\+\.000 \+\.000\]/m);
    gateway.on('POST', /^\/v1\/search$/, ({ body }) => ({
      body: { results: ['water', ...ranking(body)].map((document_id) => ({ document_id })) },
    }));
    expect((await evaluate(['--baseline', 'before.json', '--k', '5'])).err).to.match(/k = 10, this run is at 5/);
    const worse = await evaluate(['--baseline', 'before.json']);
    expect(worse.code).to.equal(1);
    expect(worse.err).to.match(/worse than the baseline: hybrid mrr/);
    expect(worse.err).to.not.match(/hybrid recall/);
  });

  it('scores what answers cite', async () => {
    const answers: Record<string, string> = {
      'how long for tea?': 'Three minutes [1].',
      'what of coffee?': 'Not found.',
    };
    const left: unknown[] = [];
    gateway.on('POST', /^\/v1\/jobs$/, ({ body }) => {
      const { question, model, filter } = body.input as Record<string, string>;
      expect(model).to.equal('extractive');
      if (filter !== undefined) left.push(filter);
      const found =
        filter === undefined ? answers[question ?? ''] : question?.includes('tea') ? 'Not found.' : 'Water [1].';
      const result = { answer: found, citations: [{ n: 1, document_id: 'tea' }] };
      return { status: 202, body: gateway.job([['job.succeeded', { result }]]) };
    });
    const { code, out } = await evaluate(['--answers', '--json', 'report.json']);
    expect(code).to.equal(0);
    expect(out)
      .to.match(/cite a right document +\.500/)
      .and.match(/"not found" +\.500/)
      .and.match(/"not found" without the right documents +\.500/);
    expect(left).to.have.deep.members(['tea', 'coffee'].map((id) => ({ not: { eval_id: { in: [id] } } })));
    expect((await report('report.json')).answers).to.deep.include({ precision: { mean: 1, low: 1, high: 1 } });
  });

  it('measures nothing on a corpus that could not be indexed as a whole', async () => {
    const result = { documents: [{ id: 'tea', status: 'failed', error: 'too hot' }] };
    const error = { code: 'partially_failed', message: '1 of 3' };
    gateway.on('POST', /documents$/, () => ({ status: 202, body: gateway.job([['job.failed', { result, error }]]) }));
    const { code, err, released } = await evaluate();
    expect([code, released]).to.deep.equal([1, 1]);
    expect(err).to.match(/1 document could not be indexed:\n {2}tea: too hot/);
    expect(calls(/search$/)).to.deep.equal([]);
  });

  it('ends in order at Ctrl-C', async () => {
    const terminal = terminalDouble();
    gateway.on('POST', /^\/v1\/search$/, () => {
      terminal.stop.abort();
      return { body: { results: [] } };
    });
    const { code, err, released } = await evaluate([], terminal);
    expect([code, released]).to.deep.equal([130, 1]);
    expect(err).to.match(/^Stopped\./);
  });

  it('tells wrong use before anything is started, and wrong keys', async () => {
    const cases: [string[], number, RegExp][] = [
      [['--k', '0'], 2, /whole number/],
      [['--modes', 'hybrid,odd'], 2, /some of hybrid, vector, text/],
      [['--baseline', 'corpus'], 2, /is no report of an earlier run/],
      [['--qrels', 'none'], 2, /there is no such file/],
    ];
    for (const [args, expected, words] of cases) {
      const { code, err, released } = await evaluate(args);
      expect(code, args.join(' ')).to.equal(expected);
      expect(err).to.match(words);
      expect(released).to.equal(0);
    }
    gateway.on('GET', /^\/v1\/collections$/, () => ({ status: 401, body: { detail: 'who are you?' } }));
    expect((await evaluate()).code).to.equal(5);
  });

  it('explains itself by --help', async () => {
    const { code, out } = await evaluate(['--help']);
    expect(code).to.equal(0);
    expect(out)
      .to.match(/corpus {3}\{"_id"/)
      .and.match(/Exit codes: 0 done/);
  });
});
