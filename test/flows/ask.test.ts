import { expect } from 'chai';
import fc from 'fast-check';
import { AnswerGenerated, AskResult } from '../../shared/messages/answering.ts';
import { isTerminal } from '../../shared/messages/job.ts';
import { CommandStarted } from '../../shared/messages/outcome.ts';
import { type Passage, PassagesRetrieved } from '../../shared/messages/retrieval.ts';
import { shownText } from '../chaos/check/shown-text.ts';
import { answering, asked, delta, embedded, generated, passage, retrieved, started } from './asking.ts';

describe('ask', () => {
  it('goes from the question to an answer with its citations', () => {
    const world = answering()
      .hears('answer.generate', started('1-a'), '1-a')
      .hears('answer.generate', delta('1-a', 0, 'Because'), '1-a/0')
      .hears('answer.generate', delta('1-a', 7, ' [2].'), '1-a/1')
      .hears('answer.generate', generated('1-a', 'Because [2].', [2]), '1-a');
    expect(world.sent.map(({ type }) => type)).to.deep.equal(['texts.embed', 'passages.retrieve', 'answer.generate']);
    expect(world.shown).to.deep.equal([
      'job.queued',
      'job.started',
      'job.progress',
      'job.progress',
      'sources.found',
      'output.delta',
      'output.delta',
      'job.succeeded',
    ]);
    expect(world.events.map(({ seq }) => seq)).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(world.job).to.include({ status: 'succeeded', last_seq: 8 });
    expect(world.job.result).to.deep.include({ answer: 'Because [2].', degraded: false });
    expect(AskResult.strict().parse(world.job.result)).to.deep.equal(world.job.result);
    expect(world.job.result?.citations).to.have.lengthOf(1).and.to.have.nested.property('[0].passage_id', 'psg_2');
  });

  it('marks an answer that rests on nothing, and the word that there is none', () => {
    const ended = (body: object) => {
      const end = { run: '1-a', model: 'm', provider: 'p', finish_reason: 'stop', degraded: false, cited: [] };
      const world = answering().hears('answer.generate', started('1-a'), '1-a');
      return world.hears('answer.generate', AnswerGenerated({ ...end, text: 'So.', ...body }), '1-a').job.result;
    };
    expect(ended({})).to.include({ uncited: true }).and.not.have.property('not_found');
    expect(ended({ not_found: true }))
      .to.include({ not_found: true })
      .and.not.have.property('uncited');
    expect(ended({ cited: [2] })).to.not.have.any.keys('uncited', 'not_found');
  });

  it('gives the prompt no more passages than rerank_to', () => {
    const body = answering().command('answer.generate').body as { passages: Passage[] };
    expect(body.passages.map(({ passage_id }) => passage_id)).to.deep.equal(['psg_1', 'psg_2', 'psg_3']);
  });

  it('hears every event once, however often it comes', () => {
    const world = answering();
    const before = world.events.length;
    world.hears('texts.embed', embedded).hears('passages.retrieve', retrieved);
    expect(world.events).to.have.lengthOf(before);
    expect(world.sent).to.have.lengthOf(3);
  });

  it('starts the text again with a reset when another run takes over, and no longer hears the old one', () => {
    const world = answering()
      .hears('answer.generate', started('1-a'), '1-a')
      .hears('answer.generate', delta('1-a', 0, 'Half'), '1-a/0')
      .hears('answer.generate', started('1-b'), '1-b')
      .hears('answer.generate', delta('1-a', 4, ' dead'), '1-a/1')
      .hears('answer.generate', generated('1-a', 'Half dead'), '1-a')
      .hears('answer.generate', delta('1-b', 0, 'Whole'), '1-b/0')
      .hears('answer.generate', generated('1-b', 'Whole'), '1-b');
    expect(world.events.slice(5).map(({ event, data }) => [event, data.text ?? data.run])).to.deep.equal([
      ['output.delta', 'Half'],
      ['output.reset', '1-b'],
      ['output.delta', 'Whole'],
      ['job.succeeded', undefined],
    ]);
    expect(world.job.result).to.include({ answer: 'Whole' });
  });

  it('shows the whole text even when a delta was lost', () => {
    const world = answering()
      .hears('answer.generate', started('1-a'), '1-a')
      .hears('answer.generate', delta('1-a', 0, 'One'), '1-a/0')
      .hears('answer.generate', delta('1-a', 7, ' three'), '1-a/2')
      .hears('answer.generate', generated('1-a', 'One two three'), '1-a');
    const text = world.events.filter(({ event }) => event === 'output.delta').map(({ data }) => data.text);
    expect(text.join('')).to.equal('One two three');
  });
});

describe('ask and what lies around the answer', () => {
  const background = (similarities: readonly (number | undefined)[]) => {
    const passages = similarities.map((similarity, at) => ({
      ...passage(at + 1),
      ...(similarity !== undefined && { similarity }),
    }));
    const world = asked().hears('texts.embed', embedded).hears('passages.retrieve', PassagesRetrieved({ passages }));
    return (world.command('answer.generate').body as { background?: number }).background;
  };

  it('tells how near the tenth passage is, when as many were compared', () => {
    expect(background([0.1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.45, 0.44, 0.43, 0.42, 0.41])).to.equal(0.41);
    expect(background([0.9, 0.8, 0.7])).to.equal(undefined);
    expect(background(Array.from({ length: 12 }))).to.equal(undefined);
  });
});

describe('ask under late, repeated and reordered events', () => {
  it('ends exactly once, with the text of one run, whatever stale workers say', () => {
    const stale = (stage: string, attempt: number) => CommandStarted({ command: 'c', stage, part: '0', attempt });
    fc.assert(
      fc.property(fc.array(fc.nat(9), { maxLength: 40 }), (picks) => {
        const world = asked();
        const say = [
          () => world.told(stale('texts.embed', 1), `s${world.outputs.size}`),
          () => world.told(stale('answer.generate', 2), `s${world.outputs.size}`),
          () => world.hears('texts.embed', embedded, `r${world.outputs.size}`),
          () => world.sent.length > 1 && world.hears('passages.retrieve', retrieved, `r${world.outputs.size}`),
          () => world.sent.length > 2 && world.hears('answer.generate', started('1-a'), `r${world.outputs.size}`),
          () =>
            world.sent.length > 2 && world.hears('answer.generate', delta('1-a', 0, 'Old'), `r${world.outputs.size}`),
          () =>
            world.sent.length > 2 && world.hears('answer.generate', generated('1-a', 'Old'), `r${world.outputs.size}`),
        ];
        for (const pick of picks) say[pick]?.();
        if (!isTerminal(world.job.status)) {
          world.hears('texts.embed', embedded, 'x').hears('passages.retrieve', retrieved, 'x');
          world.hears('answer.generate', started('2-b'), 'x').hears('answer.generate', generated('2-b', 'New'), 'x');
        }
        expect(world.job.status).to.equal('succeeded');
        expect(world.shown.filter((event) => event === 'job.succeeded')).to.have.lengthOf(1);
        expect(world.sent).to.have.lengthOf(3);
        expect(shownText(world.events)).to.equal(world.job.result?.answer);
      }),
      { numRuns: 500 },
    );
  });
});
