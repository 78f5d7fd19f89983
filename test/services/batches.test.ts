import { expect } from 'chai';
import { inBatches, WINDOW_PASSAGES } from '../../services/rag-orchestrator/batches.ts';
import { MAX_COMMAND_BYTES } from '../../shared/bus/envelope.ts';

const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

describe('batches of passages', () => {
  for (const [what, unit] of [
    ['words', 'word '],
    ['quotes', '"'],
    ['control characters', '\u0001'],
    ['emoji', '🙂'],
  ] as const)
    it(`of ${what} fit a message each, and one message together`, () => {
      const passages = Array.from({ length: WINDOW_PASSAGES }, (_, n) => ({
        text: unit.repeat(1 + ((n * 37) % 5_000)),
      }));
      const batches = inBatches(passages);
      expect(batches.flat(), 'in order, from the first').to.deep.equal(passages.slice(0, batches.flat().length));
      expect(batches.flat()).not.to.be.empty;
      expect(bytesOf(batches)).to.be.below(0.75 * MAX_COMMAND_BYTES);
      for (const batch of batches) if (batch.length > 1) expect(bytesOf(batch)).to.be.below(0.25 * MAX_COMMAND_BYTES);
    });
});
