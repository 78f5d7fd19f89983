import { expect } from 'chai';
import { type GatewayDouble, problem } from './gateway-double.ts';
import { CITATION, delta, Harness, jsonLines } from './harness.ts';
import { terminalDouble } from './terminal-double.ts';

const RESULT = {
  answer: 'They lapse in March [1].',
  citations: [CITATION, { ...CITATION, n: 2 }],
  model: 'm',
  provider: 'p',
  degraded: false,
};

describe('warren ask', () => {
  let harness: Harness;
  let gateway: GatewayDouble;
  const warren: Harness['warren'] = (...args) => harness.warren(...args);

  beforeEach(async () => {
    harness = new Harness();
    await harness.start();
    gateway = harness.gateway;
  });
  afterEach(() => harness.stop());

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

  it('says what a reader should know of an answer', async () => {
    const cut = { history: 1, passages: 2, shortened: 3, answer: true };
    answering([['job.succeeded', { result: { answer: 'So it is.', citations: [], uncited: true, cut } }]]);
    const { err } = await warren(['ask', 'When?', '-c', 'handbook']);
    expect(err).to.equal(
      '(the answer cites nothing: take it with care)\n' +
        "(no room in the model's context for 1 message, 2 passages, the end of passage 3, the end of the answer)\n",
    );
  });

  it('asks for passages that differ', async () => {
    answering([['job.succeeded', { result: RESULT }]]);
    const mmr = async (...args: string[]) => {
      expect((await warren(['ask', 'When?', '-c', 'handbook', '--mmr', ...args])).code).to.equal(0);
      return (gateway.calls.at(-1)?.body.input as Record<string, unknown> | undefined)?.mmr;
    };
    expect(await mmr()).to.equal(true);
    expect(await mmr('0.5')).to.deep.equal({ lambda: 0.5 });
    expect((await warren(['ask', 'When?', '-c', 'handbook', '--mmr', '2'])).code).to.equal(2);
  });

  it('lets nothing in an answer move the cursor', async () => {
    answering([delta(0, 'a\u001b[2Jb'), ['job.succeeded', { result: { answer: 'a\u001b[2Jb' } }]]);
    expect((await warren(['ask', 'When?', '-c', 'handbook'])).out).to.equal('a [2Jb\n');
  });

  it('prints events a line each with --json', async () => {
    answering([['job.queued'], delta(0, 'x'), ['job.succeeded', { result: RESULT }]]);
    const { out } = await warren(['ask', 'When?', '-c', 'handbook', '--json']);
    expect(jsonLines(out)).to.deep.include({
      job: 'job_0001',
      seq: 2,
      event: 'output.delta',
      at: '2026-01-31T12:00:00.000Z',
      data: { run: 'r1', offset: 0, text: 'x' },
    });
    expect(jsonLines(out)).to.have.length(3);
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
