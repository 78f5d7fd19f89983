import { expect } from 'chai';
import { pushBodies } from '../../shared/bus/push-bodies.ts';
import { sampleEvent } from '../store/samples.ts';

const KIB = 1024;

describe('what a turn shows', () => {
  const shown = (...sizes: number[]) =>
    [...pushBodies(sizes.map((size, n) => sampleEvent('job', n + 1, { text: 'é'.repeat(size / 2) })))].map(
      ({ type, content }) => ({
        type,
        bytes: content.length,
        events: JSON.parse(content.toString()) as { seq: number; data?: unknown }[],
      }),
    );
  const seqs = (...sizes: number[]) => shown(...sizes).map(({ events }) => events.map(({ seq }) => seq));

  it('goes out in few messages, none of many events larger than 256 KiB', () => {
    expect(seqs(10, 10, 10)).to.deep.equal([[1, 2, 3]]);
    expect(seqs(100 * KIB, 100 * KIB, 100 * KIB)).to.deep.equal([[1, 2], [3]]);
    expect(seqs(10, 1_000 * KIB, 10)).to.deep.equal([[1], [2], [3]]);
    expect(seqs()).to.deep.equal([]);
    for (const { bytes } of shown(...Array.from({ length: 500 }, () => 2 * KIB))) expect(bytes).to.be.below(257 * KIB);
  });

  it('has its place in the order when it is too large to be shown', () => {
    const found = shown(10, 5_000 * KIB, 10);
    expect(found.map(({ type }) => type)).to.deep.equal(['events', 'stored', 'events']);
    const { data, ...bare } = sampleEvent('job', 2);
    expect(found[1]?.events).to.deep.equal([bare]);
  });
});
