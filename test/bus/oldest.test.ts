import { expect } from 'chai';
import type { DeadLetter } from '../../shared/bus/dead-letter.ts';
import { Oldest, placeOf } from '../../shared/bus/oldest.ts';

const letter = (n: number, diedAt: string): DeadLetter => ({
  id: `dl_${n}`,
  type: 'answer.generate',
  queue: 'generator.default.normal',
  reason: 'failed',
  attempts: 1,
  error: { code: 'internal', message: '', retryable: false },
  died_at: diedAt,
  replay_count: 0,
  replayable: true,
  body: {},
});

describe('the oldest dead letters', () => {
  const SECONDS = ['2026-01-31T12:00:02Z', '2026-01-31T12:00:01Z', '2026-01-31T12:00:02.000Z', 'whenever'];
  const letters = Array.from({ length: 100 }, (_, n) => letter((n * 37) % 100, SECONDS[n % SECONDS.length] ?? ''));

  const pages = (size: number) => {
    const found: DeadLetter[][] = [];
    for (;;) {
      const last = found.at(-1)?.at(-1);
      const oldest = new Oldest(size, last && placeOf(last));
      for (const each of letters) oldest.add(each);
      const page = oldest.letters();
      if (page.length === 0) return found;
      found.push(page);
    }
  };

  for (const size of [1, 7, 100])
    it(`are each met once in pages of ${size}, however many died in one moment`, () => {
      const met = pages(size).flat();
      expect(met.map(({ id }) => id)).to.have.members(letters.map(({ id }) => id));
      const at = met.map((each) => placeOf(each).at);
      expect(at).to.deep.equal(at.toSorted((a, b) => a - b));
    });

  it('are one when two copies of a letter lie there', () => {
    const oldest = new Oldest(2);
    for (const diedAt of ['2026-01-31T12:00:02Z', '2026-01-31T12:00:01Z', '2026-01-31T12:00:03Z'])
      oldest.add(letter(1, diedAt));
    expect(oldest.letters().map(({ died_at }) => died_at)).to.deep.equal(['2026-01-31T12:00:01Z']);
  });
});
