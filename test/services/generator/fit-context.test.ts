import { expect } from 'chai';
import fc from 'fast-check';
import { answerTokens, fitContext } from '../../../services/generator/fit-context.ts';
import type { GenerationRequest } from '../../../services/generator/models/model.ts';
import { groundedMessages } from '../../../services/generator/prompt.ts';
import { shorten } from '../../../services/generator/shorten.ts';
import { promptTokens, textTokens } from '../../../services/generator/token-count.ts';
import { TerminalError } from '../../../shared/bus/errors.ts';
import { passage } from './passages.ts';

const sentence = (n: number) => `Sentence number ${n} says something about rabbits and their warrens.`;
const long = (sentences: number) => Array.from({ length: sentences }, (_, n) => sentence(n)).join(' ');
const said = (content: string) => ({ role: 'user' as const, content });
const REQUEST: GenerationRequest = {
  question: 'What of them?',
  standalone: 'What of the rabbits?',
  messages: [said(`first ${long(20)}`), said(`second ${long(20)}`), said('third')],
  passages: [1, 2, 3].map((n) => passage(long(30), { passage_id: `psg_${n}` })),
};
const whole = promptTokens(groundedMessages(REQUEST)) + 1_100;

describe('a request and the context of its model', () => {
  it('stays as it is when it fits, and when nobody knows the context', () => {
    expect(fitContext(REQUEST, undefined)).to.deep.equal({ request: REQUEST });
    expect(fitContext(REQUEST, whole + 200)).to.deep.equal({ request: REQUEST });
    const conversation = { messages: [said(long(10_000))] };
    expect(fitContext(conversation, 2_000)).to.deep.equal({ request: conversation });
  });

  it('loses the oldest of its history first', () => {
    const { request, cut } = fitContext(REQUEST, whole - 300);
    expect(cut).to.deep.equal({ history: 1 });
    expect(request.messages?.map(({ content }) => content.split(' ')[0])).to.deep.equal(['second', 'third']);
    expect(request.passages).to.deep.equal(REQUEST.passages);
  });

  it('loses its least relevant passages next, the last that stays at the end of a sentence', () => {
    const { request, cut } = fitContext(REQUEST, 2_000);
    expect(cut).to.deep.equal({ history: 3, passages: 1, shortened: 2 });
    expect(request.passages?.map(({ passage_id }) => passage_id)).to.deep.equal(['psg_1', 'psg_2']);
    expect(request.passages?.[0]?.text).to.equal(long(30));
    const text = request.passages?.[1]?.text ?? '';
    expect(long(30).startsWith(text)).to.equal(true);
    expect(text).to.match(/warrens\.$/);
    expect(groundedMessages(request).at(-1)?.content).to.match(/\nQuestion: What of the rabbits\?$/);
  });

  it('keeps room for the answer', () => {
    expect(answerTokens({ max_tokens: 50 }, 8_192)).to.equal(50);
    expect(answerTokens({}, 8_192)).to.equal(1_024);
    expect(answerTokens({}, 1_000)).to.equal(250);
    const { cut } = fitContext({ ...REQUEST, max_tokens: 2_000 }, whole + 200);
    expect(cut).to.have.property('history');
  });

  it('is refused when the question alone fills it', () => {
    const refused = () => fitContext({ ...REQUEST, question: long(400) }, 4_096);
    expect(refused).to.throw(TerminalError, /no room for sources: the model reads 4096, 1024 of them/);
    expect(fitContext({ question: 'Why?', passages: [] }, 2_000)).to.not.have.property('cut');
  });

  it('fits in the end, whatever it was, and loses nothing in silence', () => {
    const text = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 3_000 }),
      fc.nat(60).map(long),
      fc.nat(2_000).map((n) => '長い文です。'.repeat(n)),
      fc.nat(9_000).map((n) => 'x'.repeat(n)),
    );
    const request = fc.record({
      question: fc.string({ minLength: 1, maxLength: 200 }),
      messages: fc.array(text.map(said), { maxLength: 5 }),
      passages: fc.array(
        text.map((each) => passage(each)),
        { minLength: 1, maxLength: 5 },
      ),
    });
    fc.assert(
      fc.property(request, fc.integer({ min: 1_600, max: 12_000 }), (given, context) => {
        const { request: made, cut = {} } = fitContext(given, context);
        expect(promptTokens(groundedMessages(made)) + answerTokens(given, context)).to.be.at.most(context);
        expect(given.messages.slice(cut.history ?? 0)).to.deep.equal(made.messages);
        const kept = made.passages ?? [];
        expect(kept.length + (cut.passages ?? 0)).to.equal(given.passages.length);
        for (const [index, { text: own }] of kept.entries()) {
          const before = given.passages[index]?.text ?? '';
          expect(before.startsWith(own)).to.equal(true);
          expect(own.length < before.length).to.equal(cut.shortened === index + 1);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('a text that is shortened', () => {
  it('ends with a sentence, or a word when there is none', () => {
    expect(shorten(long(3), 1_000)).to.equal(long(3));
    expect(shorten(long(3), 2 * textTokens(sentence(1)) + 3)).to.equal(long(2));
    const words = shorten('word '.repeat(500).trim(), 50);
    expect(words).to.match(/^(word )*word$/);
    expect(textTokens(words)).to.be.within(40, 50);
  });

  it('never ends inside a character', () => {
    for (const character of ['👩‍🚀', '🇫🇷', 'é', 'क्षि']) {
      const text = shorten(character.repeat(300), 100);
      expect(text.length % character.length, text.slice(-12)).to.equal(0);
      expect(text).to.not.equal('');
    }
  });
});
