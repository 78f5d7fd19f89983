import { expect } from 'chai';
import { runReplay } from '../../infra/scripts/replay/command.ts';
import { instant } from '../../infra/scripts/replay/filter.ts';
import { age } from '../../infra/scripts/replay/show.ts';
import type { Terminal } from '../../infra/scripts/replay/terminal.ts';
import {
  BrokerUnavailableError,
  type DeadLetter,
  type DeadLetterFilter,
  type DeadLetters,
} from '../../shared/bus/bus.ts';

const letter = (n: number, over: Partial<DeadLetter> = {}): DeadLetter => ({
  id: `dl_${n}`,
  job: `job_${n}`,
  command: `job_${n}/answer.generate/0`,
  type: 'answer.generate',
  part: '0',
  queue: 'generator.default.normal',
  reason: 'failed',
  attempts: 3,
  error: { code: 'provider_error', message: 'no such model', retryable: false },
  died_at: '2026-01-31T12:00:00.000Z',
  replay_count: 0,
  replayable: true,
  body: { question: 'why?' },
  ...over,
});

/** Dead letters in memory that remember what was asked of them. */
function shelf(letters: DeadLetter[]) {
  const asked: { deed: string; filter: DeadLetterFilter; options: object }[] = [];
  const act =
    (deed: string) =>
    async (filter: DeadLetterFilter, options: { dryRun?: boolean } = {}) => {
      asked.push({ deed, filter, options });
      const fit = letters.filter(({ id }) => filter.ids === undefined || filter.ids.includes(id));
      const skipped = fit.filter((l) => !l.replayable).map(({ id }) => ({ id, why: 'not a command' }));
      const done = options.dryRun === true ? 0 : fit.length - skipped.length;
      return { matched: fit.length, done, replayed: done, discarded: done, skipped };
    };
  const dead: DeadLetters = {
    list: async (filter = {}, limit = 0) => {
      asked.push({ deed: 'list', filter, options: { limit } });
      return letters.slice(0, limit);
    },
    get: async (id) => letters.find((l) => l.id === id),
    replay: act('replay'),
    discard: act('discard'),
  };
  return { dead, asked };
}

interface Fake {
  readonly interactive?: boolean;
  readonly yes?: boolean;
  readonly interrupted?: boolean;
}

function fakeTerminal({ interactive = false, yes = false, interrupted = false }: Fake = {}) {
  const out: string[] = [];
  const err: string[] = [];
  const questions: string[] = [];
  const terminal: Terminal = {
    interactive,
    signal: interrupted ? AbortSignal.abort() : new AbortController().signal,
    out: (line) => out.push(line),
    err: (line) => err.push(line),
    ask: async (question) => {
      questions.push(question);
      return yes;
    },
    progress: () => ({ update: () => {}, close: () => {} }),
  };
  return { terminal, out, err, questions };
}

async function run(args: string, letters: DeadLetter[], fake: Fake = {}) {
  const { dead, asked } = shelf(letters);
  const { terminal, out, err, questions } = fakeTerminal(fake);
  const code = await runReplay(args.split(' '), (use) => use(dead), terminal);
  return { code, out: out.join('\n'), err: err.join('\n'), asked, questions };
}

describe('the replay command line', () => {
  it('lists dead letters in columns, oldest first as they come', async () => {
    const { code, out, asked } = await run('list --type answer.generate --error provider_error --limit 5', [
      letter(1),
      letter(2),
    ]);
    expect(code).to.equal(0);
    expect(out).to.match(/ID +AGE +QUEUE/);
    expect(out.indexOf('dl_1')).to.be.lessThan(out.indexOf('dl_2'));
    expect(asked[0]).to.deep.include({
      filter: { type: 'answer.generate', error_code: 'provider_error' },
      options: { limit: 5 },
    });
  });

  it('prints JSON for scripts', async () => {
    const { out } = await run('list --json', [letter(1)]);
    expect(JSON.parse(out)).to.deep.equal({ data: [letter(1)] });
  });

  it('lets no control character of a letter reach the terminal', async () => {
    const nasty = letter(1, { error: { code: 'internal', message: 'a\u001b[2Jb\nc', retryable: false } });
    const { out } = await run('list', [nasty]);
    expect(out.split('\n')).to.have.length(2);
    expect(out).to.contain('a [2Jb c');
  });

  it('shows one letter with its body', async () => {
    const { out } = await run('show dl_1', [letter(1)]);
    expect(out).to.contain('job_1/answer.generate/0').and.to.contain('"question": "why?"');
  });

  it('says with exit code 1 that a letter is not there', async () => {
    const { code, err } = await run('show dl_9', [letter(1)]);
    expect(code).to.equal(1);
    expect(err).to.contain('dl_9');
  });

  it('replays with --yes what fits: words and --id name letters alike', async () => {
    const { code, out, asked } = await run('replay dl_1 --id dl_2,dl_3 --yes --rate 2.5 --limit 2', [
      letter(1),
      letter(2),
    ]);
    expect(code).to.equal(0);
    expect(out).to.equal('replayed 2 of 2 dead letters.');
    expect(asked.at(-1)).to.deep.include({ deed: 'replay', filter: { ids: ['dl_1', 'dl_2', 'dl_3'] } });
    expect(asked.at(-1)?.options).to.include({ ratePerS: 2.5, limit: 2 });
  });

  it('does nothing on a dry run', async () => {
    const { code, out, asked } = await run('replay --dry-run', [letter(1)]);
    expect(code).to.equal(0);
    expect(out).to.contain('Would replay 1 dead letter.');
    expect(asked.map(({ options }) => (options as { dryRun?: boolean }).dryRun)).to.deep.equal([true]);
  });

  it('refuses without a terminal and without --yes', async () => {
    const { code, err, asked } = await run('discard', [letter(1)]);
    expect(code).to.equal(2);
    expect(err).to.contain('--yes');
    expect(asked).to.have.length(1);
  });

  it('asks on a terminal, and does nothing when the answer is no', async () => {
    const { code, questions, asked } = await run('discard', [letter(1), letter(2)], { interactive: true });
    expect(questions).to.deep.equal(['Discard for ever 2 dead letters?']);
    expect(code).to.equal(2);
    expect(asked).to.have.length(1);
  });

  it('goes on when the answer is yes', async () => {
    const { code, asked } = await run('discard', [letter(1)], { interactive: true, yes: true });
    expect(code).to.equal(0);
    expect(asked.at(-1)).to.deep.include({ deed: 'discard' });
  });

  it('names what it skipped and ends with 1', async () => {
    const { code, out, err } = await run('replay --yes', [letter(1), letter(2, { replayable: false })]);
    expect(code).to.equal(1);
    expect(out).to.equal('replayed 1 of 2 dead letters.');
    expect(err.split('\n').at(-1)).to.equal('skipped dl_2: not a command');
  });

  it('says before a replay what it cannot know, and in its help', async () => {
    const { err } = await run('replay --yes', [letter(1)]);
    expect(err).to.match(/cannot see the jobs.*`warren dead-letters replay`/);
    expect((await run('discard dl_1 --yes', [letter(1)])).err).to.equal('');
    expect((await run('replay --yes --json', [letter(1)])).err).to.equal('');
    expect((await run('--help', [])).out).to.contain('does not know what became');
  });

  it('counts on a dry run only what can be done, and asks nothing when that is nothing', async () => {
    const stuck = letter(2, { replayable: false });
    expect((await run('replay --dry-run', [letter(1), stuck])).out).to.equal(
      'Would replay 1 dead letter. Nothing was done.',
    );
    const { code, out, questions } = await run('replay', [stuck], { interactive: true, yes: true });
    expect([code, out, questions]).to.deep.equal([1, 'replayed 0 of 1 dead letter.', []]);
  });

  it('says so when no letter fits', async () => {
    expect((await run('replay --yes', [])).out).to.equal('No dead letter fits.');
  });

  it('reports what was done when interrupted', async () => {
    const { code, out } = await run('replay --yes --json', [letter(1)], { interrupted: true });
    expect(code).to.equal(130);
    expect(JSON.parse(out)).to.include({ matched: 1, replayed: 1, interrupted: true });
  });

  for (const args of [
    'replay --limit 0',
    'replay --rate fast',
    'list --before yesterday',
    'show',
    'mend',
    'list --what',
  ])
    it(`explains what is wrong with: ${args}`, async () => {
      const { code, err } = await run(args, []);
      expect(code).to.equal(2);
      expect(err).to.not.equal('');
    });

  it('has a help worth reading', async () => {
    const { code, out } = await run('--help', []);
    expect(code).to.equal(0);
    expect(out).to.contain('Exit codes');
  });

  it('ends with 3 when the broker is away', async () => {
    const { terminal, err } = fakeTerminal();
    const code = await runReplay(
      ['list'],
      () => Promise.reject(new BrokerUnavailableError('the broker is away')),
      terminal,
    );
    expect(code).to.equal(3);
    expect(err).to.deep.equal(['the broker is away']);
  });
});

describe('times of the replay command line', () => {
  const NOW = Date.parse('2026-02-01T00:00:00Z');

  it('takes an instant or an age', () => {
    expect(instant('2h', NOW)).to.equal('2026-01-31T22:00:00.000Z');
    expect(instant('30d', NOW)).to.equal('2026-01-02T00:00:00.000Z');
    expect(instant('2026-01-31T12:00:00+02:00', NOW)).to.equal('2026-01-31T10:00:00.000Z');
    expect(() => instant('soon', NOW)).to.throw('2h');
  });

  it('tells ages in the largest unit that fits', () => {
    expect(age('2026-01-31T23:59:18Z', NOW)).to.equal('42 s');
    expect(age('2026-01-31T23:52:10Z', NOW)).to.equal('7 min');
    expect(age('2026-01-31T20:10:00Z', NOW)).to.equal('3 h');
    expect(age('2026-01-20T00:00:00Z', NOW)).to.equal('12 d');
    expect(age('2026-02-01T00:00:09Z', NOW)).to.equal('0 s');
  });
});
