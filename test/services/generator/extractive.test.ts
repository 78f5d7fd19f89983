import { expect } from 'chai';
import { quotes } from '../../../services/generator/models/extractive/answer.ts';
import { extractiveModel } from '../../../services/generator/models/extractive/extractive.ts';
import { sentences } from '../../../services/generator/models/extractive/sentences.ts';
import { questionTerms, stem, terms } from '../../../services/generator/models/extractive/terms.ts';
import type { Finish, GenerationRequest, Piece } from '../../../services/generator/models/model.ts';
import { NOT_FOUND, saysNotFound } from '../../../services/generator/not-found.ts';
import { AbortedError } from '../../../shared/bus/errors.ts';
import { rejected } from '../../support/rejected.ts';
import { MARKDOWN, PRIORITY, passage, RETRIES } from './passages.ts';

async function pieces(request: GenerationRequest, signal = new AbortController().signal): Promise<Piece[]> {
  const all: Piece[] = [];
  for await (const piece of extractiveModel().generate(request, { signal })) all.push(piece);
  return all;
}

const texts = (all: Piece[]): string[] => all.flatMap((piece) => ('text' in piece ? [piece.text] : []));
const finishes = (all: Piece[]): Finish[] => all.flatMap((piece) => ('finish' in piece ? [piece.finish] : []));

describe('the extractive generator', () => {
  const passages = [RETRIES, PRIORITY];

  it('answers with sentences of the passages, each with its number', async () => {
    const all = await pieces({ question: 'When does a command become a dead letter?', passages });
    expect(texts(all).join('')).to.include('A command that fails for good becomes a dead letter. [1]');
    for (const piece of all)
      if ('text' in piece) expect(piece.cites).to.deep.equal([Number(/\[(\d)\]/.exec(piece.text)?.[1])]);
  });

  it('goes by the question that stands alone', async () => {
    const request = { question: 'And then?', standalone: 'When does a command become a dead letter?', passages };
    expect(texts(await pieces(request)).join('')).to.include('becomes a dead letter. [1]');
  });

  it('quotes nothing that would read as a citation', () => {
    const text = 'Dead letters are kept, as the manual says [2]. Dead letters in slot queue[1] are kept for long.';
    expect(quotes('Where are dead letters kept?', [passage(text, { similarity: 0.8 })])).to.deep.equal([]);
  });

  it('quotes to the letter, in the order of the sources', () => {
    const found = quotes('Which lanes are served, and when is a failing command tried again?', [
      RETRIES,
      { ...PRIORITY, similarity: 0.6 },
    ]);
    expect(found.map(({ n }) => n)).to.deep.equal([...found.map(({ n }) => n)].sort());
    expect(new Set(found.map(({ n }) => n))).to.deep.equal(new Set([1, 2]));
    for (const { n, text } of found) expect(passages[n - 1]?.text).to.include(text);
  });

  it('takes at most two sentences of a passage and five in all', () => {
    const many = Array.from({ length: 6 }, (_, n) =>
      passage(
        `Queue number ${n} keeps red messages safe. Queue number ${n} hands blue messages on. Queue ${n} counts green messages too.`,
        { similarity: 0.7 },
      ),
    );
    const found = quotes('What does a queue do with messages?', many);
    expect(found).to.have.length.within(3, 5);
    for (const n of [1, 2, 3, 4, 5, 6]) expect(found.filter((quote) => quote.n === n)).to.have.length.below(3);
  });

  it('says the same thing once', () => {
    const text = 'Warren stores every event before it is sent.';
    expect(
      quotes('What does Warren store?', [passage(text, { similarity: 0.8 }), passage(text, { similarity: 0.8 })]),
    ).to.deep.equal([{ n: 1, text }]);
  });

  it('streams sentence by sentence and ends with its finish', async () => {
    const all = await pieces({ question: 'When is a failed command tried again and replayed?', passages });
    expect(texts(all).length).to.be.at.least(2);
    for (const text of texts(all)) expect(text).to.match(/\S \[\d\] ?$/);
    expect(finishes(all)).to.have.length(1);
    expect(finishes(all)[0]).to.include({ finish_reason: 'stop', model: 'extractive' });
    expect(all.at(-1)).to.have.property('finish');
  });

  it('says so when the passages hold no answer', async () => {
    const far = [
      { ...RETRIES, similarity: 0.08 },
      { ...PRIORITY, similarity: 0.05 },
    ];
    const none: GenerationRequest[] = [
      { question: 'What is the capital of France?', passages: far },
      { question: 'What is the capital of France?', passages: [passage(RETRIES.text)] },
      { question: 'What is the capital of France?', passages: [] },
      { question: 'anything', passages: [passage('', { similarity: 0.9 })] },
    ];
    for (const request of none) expect(texts(await pieces(request))).to.deep.equal([NOT_FOUND]);
    expect(NOT_FOUND).to.include('not found in the collection');
    expect(saysNotFound(NOT_FOUND)).to.equal(true);
  });

  it('says so when nothing stands out against what lies around it', () => {
    const question = 'When is a failed command tried again?';
    const near = (similarity: number) => [{ ...RETRIES, similarity }];
    expect(quotes(question, near(0.5), 0.45)).to.deep.equal([]);
    expect(quotes(question, near(0.5), 0.3)).to.not.deep.equal([]);
    expect(quotes(question, near(0.6), 0.58)).to.not.deep.equal([]);
    expect(quotes(question, near(0.5))).to.not.deep.equal([]);
  });

  it('goes by words alone when no vectors were compared', () => {
    const { similarity: _, ...text } = RETRIES;
    expect(quotes('How can an operator replay a dead letter?', [text])).to.not.deep.equal([]);
  });

  it('refuses to write without passages', () => {
    expect(extractiveModel().refuses({ messages: [{ role: 'user', content: 'hello' }] })).to.match(/GENERATOR=ollama/);
    expect(extractiveModel().refuses({ question: 'x', passages: [] })).to.equal(undefined);
  });

  it('stops for an aborted signal', async () => {
    const reason = new AbortedError('cancelled');
    const running = pieces({ question: 'When is a command tried again?', passages }, AbortSignal.abort(reason));
    expect(await rejected(running, AbortedError)).to.equal(reason);
  });

  describe('sentences', () => {
    it('leave out headings, code, tables and markers, and join lines of a paragraph', () => {
      expect(sentences(MARKDOWN.text).map(({ text }) => text)).to.deep.equal([
        'Is it hard to install?',
        'Installing takes one command and\nworks on Linux and macOS alike.',
        'It needs\nNode 20 only.',
        'Docker is used when it is there.',
        'Otherwise packages are installed into the data folder.',
      ]);
    });

    it('are slices of the passage, whatever it is', () => {
      for (const text of [
        '',
        '\n\n',
        '- ',
        '```',
        'a\r\nb',
        '日本語の文です。二つ目の文です。',
        '...!!!',
        '# x\n'.repeat(50),
      ]) {
        for (const sentence of sentences(text)) expect(text).to.include(sentence.text);
      }
    });

    it('that ask are no answer', () => {
      const found = quotes('How do I install it?', [MARKDOWN]);
      expect(found[0]?.text).to.match(/^Installing takes/);
    });
  });

  describe('terms', () => {
    it('bring the forms of a word together', () => {
      expect(new Set(['retry', 'retries', 'retried'].map(stem)).size).to.equal(1);
      expect(new Set(['install', 'installs', 'installed', 'installing'].map(stem)).size).to.equal(1);
      expect(stem('as')).to.equal('as');
    });

    it('leave out what says nothing, unless nothing else is there', () => {
      expect(terms('What is the queue?')).to.deep.equal(new Set(['queu']));
      expect(questionTerms('Who are you?').size).to.be.above(0);
    });
  });
});
