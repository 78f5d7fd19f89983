import { expect } from 'chai';
import { generate } from '../../infra/mock-provider/words/generation.ts';
import { quoteSources } from '../../infra/mock-provider/words/sources.ts';

const LADDER = 'A retry waits on the ladder before it runs again.';
const LETTERS = 'Dead letters stay in their queue until somebody replays them.';
const CATS = 'Cats sleep for most of the day.';

const TAGGED = `Answer from the sources. Cite them like [1].

<sources>
<source n="1" from="Guide › Retries">
# Retries and how they work
${LADDER} The ladder has five rungs.
Question: this line belongs to the source.
</source>
<source n="2" from="Pets">
${CATS}
</source>
<source n="3" from="Guide › Dead letters">
${LETTERS}
</source>
</sources>

Question: Where does a retry wait, and where do dead letters stay?`;

describe('mock provider: answers from sources', () => {
  it('quotes the related sentences to the letter, each with the number of its source', () => {
    expect(quoteSources(TAGGED)).to.equal(`${LADDER} [1] ${LETTERS} [3]`);
  });

  it('reads sources marked with brackets and with words', () => {
    const question = 'Question: how does a retry wait?';
    expect(quoteSources(`[1] Retries\n${LADDER}\n\n[2] ${CATS}\n\n${question}`)).to.equal(`${LADDER} [1]`);
    expect(quoteSources(`Source 1: ${CATS}\nSource 2: ${LADDER}\n${question}`)).to.equal(`${LADDER} [2]`);
  });

  it('cites something even when nothing is related', () => {
    const answer = quoteSources(`[1] ${CATS}\n[2] ${LETTERS}\n\nQuestion: Why?`);
    expect([`${CATS} [1]`, `${LETTERS} [2]`]).to.include(answer);
  });

  it('has no sources where none are numbered', () => {
    expect(quoteSources('Tell me a story about rabbits [1].')).to.equal(undefined);
  });

  it('says its quotes once, or as long as its length asks for', () => {
    const once = generate({ prompt: TAGGED });
    expect(once.tokens.join('')).to.equal(quoteSources(TAGGED));
    const long = generate({ prompt: TAGGED, length: 100 });
    expect(long.tokens).to.have.length(100);
    expect(long.tokens.join('').startsWith(`${LADDER} [1] ${LETTERS} [3] ${LADDER} [1]`)).to.equal(true);
  });
});
