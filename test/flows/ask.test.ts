import { expect } from 'chai';
import fc from 'fast-check';
import { AnswerDelta, AnswerGenerated, AnswerStarted, AskResult } from '../../shared/messages/answering.ts';
import { TextsEmbedded } from '../../shared/messages/embedding.ts';
import { isTerminal } from '../../shared/messages/job.ts';
import { CommandFailed, CommandReplayed, CommandRetrying, CommandStarted } from '../../shared/messages/outcome.ts';
import { PassagesRanked } from '../../shared/messages/ranking.ts';
import { type Passage, PassagesRetrieved } from '../../shared/messages/retrieval.ts';
import { JobCancel, JobDue, JobOverdue } from '../../shared/messages/submission.ts';
import { shownText } from '../chaos/check/shown-text.ts';
import { submitted, World } from './given.ts';

const passage = (n: number): Passage => ({
  passage_id: `psg_${n}`,
  document_id: `doc_${n}`,
  title: `Title ${n}`,
  heading: 'Heading',
  text: `Passage ${n}.`,
  score: 1 / n,
  start: 0,
  end: 10,
  metadata: {},
});

const embedded = TextsEmbedded({
  batch: 'query',
  model: 'm',
  dimensions: 1,
  vectors: ['AACAPw=='],
  provider: 'local',
  provider_ms: 3,
});
const retrieved = PassagesRetrieved({ passages: [passage(1), passage(2), passage(3), passage(4)] });
const started = (run: string) => AnswerStarted({ run });
const delta = (run: string, offset: number, text: string) => AnswerDelta({ run, offset, text });
const generated = (run: string, text: string, cited = [1]) =>
  AnswerGenerated({ run, text, model: 'm', provider: 'p', finish_reason: 'stop', degraded: false, cited });

const asked = () => new World().turn(submitted('ask', { collection: 'c', question: 'Why?' }, { collection: 'c' }));
const answering = () => asked().hears('texts.embed', embedded).hears('passages.retrieve', retrieved);

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

describe('ask with mmr', () => {
  const MOLES = 'Moles dig tunnels below the lawn.';
  const near = PassagesRetrieved({
    passages: [MOLES, MOLES, `${MOLES} Indeed.`, 'Foxes live in dens.', 'Rain falls in autumn.'].map((text, at) => ({
      ...passage(at + 1),
      text,
      score: [1, 0.95, 0.9, 0.8, 0.1][at] ?? 0,
    })),
  });
  const sources = (mmr: unknown, settings: World['settings'] = {}) => {
    const world = new World(settings).turn(submitted('ask', { collection: 'c', question: 'Why?', rerank_to: 2, mmr }));
    world.hears('texts.embed', embedded).hears('passages.retrieve', near);
    if (settings.ranker === true) {
      const scores = { psg_5: 9, psg_4: 8.9, psg_3: 1, psg_2: 0.9, psg_1: 0.8 };
      world.hears('passages.rank', PassagesRanked({ scores, model: 'r', provider: 'tei', provider_ms: 1 }));
    }
    const { passages } = world.command('answer.generate').body as { passages: Passage[] };
    const [citations] = world.events.flatMap(({ event, data }) => (event === 'sources.found' ? [data.citations] : []));
    const ids = passages.map(({ passage_id }) => passage_id);
    expect((citations as Passage[]).map(({ passage_id }) => passage_id)).to.deep.equal(ids);
    return ids;
  };

  it('passes over passages that say the same again, when it is asked for', () => {
    for (const off of [undefined, false, { lambda: 1 }]) expect(sources(off)).to.deep.equal(['psg_1', 'psg_2']);
    for (const on of [true, {}, { lambda: 0.7 }]) expect(sources(on)).to.deep.equal(['psg_1', 'psg_4']);
  });

  it('goes by the ranker, where there is one', () => {
    expect(sources(true, { ranker: true })).to.deep.equal(['psg_5', 'psg_4']);
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

describe('ask with a ranker', () => {
  const ranked = PassagesRanked({
    scores: { psg_1: 0.1, psg_2: 0.9, psg_3: 0.2, psg_4: 0.8 },
    model: 'r',
    provider: 'tei',
    provider_ms: 1,
  });
  const ranking = () =>
    new World({ ranker: true })
      .turn(submitted('ask', { collection: 'c', question: 'Why?' }, { collection: 'c' }))
      .hears('texts.embed', embedded)
      .hears('passages.retrieve', retrieved);
  const finish = (world: World) =>
    world.hears('answer.generate', started('1-a'), '1-a').hears('answer.generate', generated('1-a', 'So [1].'), '1-a');
  const sources = (world: World) =>
    (world.command('answer.generate').body as { passages: Passage[] }).passages.map(({ passage_id }) => passage_id);

  it('answers from the passages that the ranker likes best', () => {
    const world = finish(ranking().hears('passages.rank', ranked));
    expect(sources(world)).to.deep.equal(['psg_2', 'psg_4', 'psg_3']);
    expect(world.job.result).to.include({ reranked: true });
  });

  it('answers without it when the ranker is out, and says so', () => {
    const none = PassagesRanked({ model: 'r', provider: 'tei', provider_ms: 1 });
    const world = finish(ranking().hears('passages.rank', none));
    expect(world.job.result).to.include({ reranked: false });
    expect(world.job.status).to.equal('succeeded');
  });

  it('answers without it when it is dead, and says so', () => {
    const world = ranking();
    const { id, type, part, body } = world.command('passages.rank');
    const error = { code: 'provider_error' as const, message: 'no', retryable: false };
    world.hears(type, CommandFailed({ command: id, stage: type, part, dead_letter: 'dl', replay: 0, error, body }));
    finish(world);
    expect(sources(world)).to.deep.equal(['psg_1', 'psg_2', 'psg_3']);
    expect(world.job).to.include({ status: 'succeeded' });
    expect(world.job.result).to.include({ reranked: false });
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

describe('every job', () => {
  const failure = { command: 'c', stage: 'texts.embed', part: 'query', dead_letter: 'dl_1', replay: 0, body: {} };
  const error = { code: 'provider_error' as const, message: 'no', retryable: false };

  it('waits for its run_at', () => {
    const world = new World().turn(
      submitted('ask', { collection: 'c', question: 'Why?' }, { run_at: '2026-01-02T00:00:00.000Z' }),
    );
    expect(world.job.status).to.equal('scheduled');
    expect(world.sent).to.deep.equal([]);
    world.told(JobDue({}));
    expect(world.job.status).to.equal('queued');
    expect(world.sent).to.have.lengthOf(1);
  });

  it('is cancelled once, tells its workers to stop and hears nothing more', () => {
    const world = asked().told(JobCancel({ reason: 'enough' }));
    expect(world.job.status).to.equal('cancelled');
    expect(world.aborted).to.equal(true);
    world.told(JobCancel({}), 'again').hears('texts.embed', embedded);
    expect(world.shown).to.deep.equal(['job.queued', 'job.cancelled']);
  });

  it('fails when its deadline passes', () => {
    const world = asked().told(JobOverdue({}));
    expect(world.job.error).to.include({ code: 'deadline_exceeded' });
    expect(world.aborted).to.equal(true);
  });

  it('tells why it is tried again', () => {
    const world = asked().hears(
      'texts.embed',
      CommandRetrying({ ...failure, attempt: 2, delay_ms: 5000, error: { ...error, retryable: true } }),
    );
    expect(world.shown).to.deep.equal(['job.queued', 'job.started', 'job.retrying']);
    expect(world.job).to.include({ status: 'running', attempt: 2, next_retry_at: '2026-01-01T00:00:06.000Z' });
    world.hears('texts.embed', embedded);
    expect(world.job).not.to.have.property('next_retry_at');
  });

  it('fails with its dead letter, and runs again when that is replayed', () => {
    const world = asked();
    const dead = world.command('texts.embed');
    world.hears('texts.embed', CommandFailed({ ...failure, command: dead.id, error }));
    expect(world.job.error).to.deep.include({ ...error, stage: 'texts.embed' });
    expect(world.events.at(-1)?.data).to.include({ dead_letter: 'dl_1' });
    const command = {
      id: dead.id,
      type: dead.type,
      part: dead.part,
      priority: dead.priority,
      pool: dead.pool,
      max_attempts: 4,
      replay: 0,
      body: dead.body,
    };
    world.told(CommandReplayed({ dead_letter: 'dl_1', command }));
    expect(world.job).to.include({ status: 'running' });
    expect(world.job).not.to.have.property('error');
    const again = world.command('texts.embed');
    expect(again).to.include({ id: `${dead.id}/1`, replay: 1 });
    world.hears('texts.embed', embedded).hears('passages.retrieve', retrieved);
    expect(world.command('answer.generate').replay).to.equal(1);
    expect(world.shown).to.include.members(['job.failed', 'job.replayed']);
  });

  it('goes to the pool of its model', () => {
    const world = new World().turn(submitted('generate', { prompt: 'Hi', model: 'big' }));
    expect(world.command('answer.generate').pool).to.equal('gpu');
  });
});

describe('embed', () => {
  it('puts the vectors of all parts together in the order of the texts', () => {
    const texts = Array.from({ length: 70 }, (_, index) => `text ${index}`);
    const world = new World().turn(submitted('embed', { texts }));
    const parts = [...world.sent].reverse();
    expect(parts).to.have.lengthOf(3);
    for (const part of parts) {
      const { batch, texts: own } = part.body as { batch: string; texts: string[] };
      const event = TextsEmbedded({
        batch,
        model: 'm',
        dimensions: 1,
        vectors: own,
        provider: 'local',
        provider_ms: 1,
      });
      world.turn(
        { id: `${part.id}/done`, job: part.job, at: 1, event },
        { id: `${part.id}/twice`, job: part.job, at: 1, event },
      );
    }
    expect(world.job.result).to.deep.include({ vectors: texts, model: 'm', dimensions: 1 });
    expect(world.job.usage).to.include({ embedded_texts: 70 });
  });
});
