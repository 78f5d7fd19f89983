import { expect } from 'chai';
import fc from 'fast-check';
import { AnswerGenerated, AnswerStarted } from '../../shared/messages/answering.ts';
import { TextsEmbedded } from '../../shared/messages/embedding.ts';
import { recordOf } from '../../shared/messages/record.ts';
import { PassagesRetrieved } from '../../shared/messages/retrieval.ts';
import { PassagesMade } from '../../shared/messages/splitting.ts';
import { submitted, World } from './given.ts';

type Counted = Partial<TextsEmbedded['body']>;

const embedded = (batch: string, vectors: readonly (string | null)[], more: Counted = {}) =>
  TextsEmbedded({ batch, model: 'm', dimensions: 1, vectors: [...vectors], provider: 'p', provider_ms: 2, ...more });

describe('the usage of a job', () => {
  /** An ingest of one document whose batches have one passage each; the nth is worth n + 1 tokens, every third estimated. */
  function ingested(batches: number, heard: (ids: readonly number[]) => readonly number[]) {
    const document = { id: 'd', mime_type: 'text/plain', bytes: 1, text: 'x' };
    const input = { collection: 'c', documents: [document] };
    const world = new World().turn(submitted('ingest', input, { collection: 'c' }));
    const parts = Array.from({ length: batches }, (_, from) => ({ from, texts: [`text ${from}`] }));
    world.hears('documents.split', PassagesMade({ document: 0, from: 0, total: batches, batches: parts }), '0');
    const commands = world.sent.filter(({ type }) => type === 'texts.embed');
    for (const n of heard([...commands.keys()])) {
      const command = commands[n];
      if (command === undefined) throw new Error(`no batch ${n}`);
      const more = { prompt_tokens: n + 1, ...(n % 3 === 2 && { estimated: true }) };
      const event = embedded(command.part, ['v'], more);
      // Once as it is, and once as a record under another id: only the flow itself can tell that it is the same.
      world.turn(recordOf(command, event, 1), recordOf(command, event, 1), recordOf(command, event, 1, 'again'));
    }
    return world.job;
  }

  it('is the sum over the batches of an ingest, whatever comes twice and in whatever order', () => {
    const order = fc
      .integer({ min: 1, max: 6 })
      .chain((batches) =>
        fc.tuple(
          fc.constant(batches),
          fc.shuffledSubarray([...Array(batches).keys()], { minLength: batches }),
          fc.array(fc.nat({ max: batches - 1 })),
        ),
      );
    fc.assert(
      fc.property(order, ([batches, all, again]) => {
        const job = ingested(batches, () => [...again, ...all, ...again]);
        expect(job.status).to.equal('succeeded');
        expect(job.usage).to.deep.equal({
          embedded_texts: batches,
          prompt_tokens: (batches * (batches + 1)) / 2,
          provider_ms: 2 * batches,
          ...(batches >= 3 && { estimated: true }),
        });
      }),
      { numRuns: 50 },
    );
  });

  it('counts no text that could not be embedded', () => {
    const documents = [{ id: 'd', mime_type: 'text/plain', bytes: 1, text: 'x' }];
    const world = new World().turn(submitted('ingest', { collection: 'c', documents }, { collection: 'c' }));
    const batches = [{ from: 0, texts: ['good', 'poison'] }];
    world.hears('documents.split', PassagesMade({ document: 0, from: 0, total: 2, batches }), '0');
    const failures = [{ index: 1, message: 'unreadable' }];
    world.hears('texts.embed', embedded('0.0+2', ['v', null], { failures, prompt_tokens: 3 }));
    expect(world.job.usage).to.deep.equal({ embedded_texts: 1, prompt_tokens: 3, provider_ms: 2 });
    expect(world.job.progress).to.deep.equal({ done: 2, total: 2 });
  });

  it('is the sum over the parts of an embed, estimated when one of them is', () => {
    const texts = Array.from({ length: 70 }, (_, n) => `text ${n}`);
    const world = new World().turn(submitted('embed', { texts }));
    for (const [n, command] of world.sent.entries()) {
      const { batch, texts: own } = command.body as { batch: string; texts: string[] };
      world.turn(recordOf(command, embedded(batch, own, { prompt_tokens: 10, estimated: n === 1 }), 1));
    }
    expect(world.job.status).to.equal('succeeded');
    expect(world.job.usage).to.deep.equal({
      embedded_texts: 70,
      prompt_tokens: 30,
      provider_ms: 6,
      estimated: true,
    });
  });

  it('of an ask is that of its query and its answer together', () => {
    const world = new World().turn(submitted('ask', { collection: 'c', question: 'Why?' }));
    world.hears('texts.embed', embedded('query', ['v'], { prompt_tokens: 5, estimated: true }));
    world.hears('passages.retrieve', PassagesRetrieved({ passages: [] }));
    world.hears('answer.generate', AnswerStarted({ run: 'r' }), 'r');
    const usage = { prompt_tokens: 100, completion_tokens: 20, provider_ms: 30 };
    const answer = {
      run: 'r',
      text: 'So.',
      model: 'm',
      provider: 'p',
      finish_reason: 'stop',
      degraded: false,
      cited: [],
    };
    world.hears('answer.generate', AnswerGenerated({ ...answer, usage }), 'r');
    expect(world.job.status).to.equal('succeeded');
    expect(world.job.usage).to.deep.equal({
      embedded_texts: 1,
      prompt_tokens: 105,
      completion_tokens: 20,
      provider_ms: 32,
      estimated: true,
    });
  });
});
