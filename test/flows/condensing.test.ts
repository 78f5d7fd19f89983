import { expect } from 'chai';
import { AnswerGenerated, AnswerStarted } from '../../shared/messages/answering.ts';
import { QuestionCondensed } from '../../shared/messages/condensing.ts';
import { TextsEmbedded } from '../../shared/messages/embedding.ts';
import { CommandFailed, CommandRetrying } from '../../shared/messages/outcome.ts';
import { PassagesRanked } from '../../shared/messages/ranking.ts';
import { PassagesRetrieved } from '../../shared/messages/retrieval.ts';
import { JobCancel } from '../../shared/messages/submission.ts';
import { passage } from '../services/generator/passages.ts';
import { submitted, World } from './given.ts';

const HISTORY = [
  { role: 'user', content: 'Who looks after the lanes?' },
  { role: 'assistant', content: 'The worker does [1].' },
];
const STANDALONE = 'How does the worker share out the lanes?';

const embedded = TextsEmbedded({
  batch: 'query',
  model: 'm',
  dimensions: 1,
  vectors: ['AACAPw=='],
  provider: 'local',
  provider_ms: 3,
  prompt_tokens: 7,
});
const retrieved = PassagesRetrieved({
  passages: ['psg_1', 'psg_2', 'psg_3', 'psg_4'].map((passage_id) => passage(`Text of ${passage_id}.`, { passage_id })),
});
const condensed = QuestionCondensed({
  question: STANDALONE,
  usage: { prompt_tokens: 40, completion_tokens: 10, provider_ms: 5 },
});
const generated = AnswerGenerated({
  run: '1-a',
  text: 'By weight [1].',
  model: 'm',
  provider: 'p',
  finish_reason: 'stop',
  degraded: false,
  cited: [1],
  usage: { prompt_tokens: 200, completion_tokens: 20, provider_ms: 9 },
});

const asked = (input: Record<string, unknown> = {}, settings: World['settings'] = { languageModel: true }) =>
  new World(settings).turn(
    submitted('ask', { collection: 'c', question: 'How does it share them?', history: HISTORY, ...input }),
  );
const types = ({ sent }: World) => sent.map(({ type }) => type);
const bodyOf = (world: World, type: string) => world.command(type).body as Record<string, unknown>;
const finish = (world: World) =>
  world
    .hears('texts.embed', embedded)
    .hears('passages.retrieve', retrieved)
    .hears('answer.generate', AnswerStarted({ run: '1-a' }), '1-a')
    .hears('answer.generate', generated, '1-a');

describe('ask with a history', () => {
  it('has the question put into words that stand alone before anything is looked for', () => {
    const world = asked({ model: 'big' });
    expect(types(world)).to.deep.equal(['question.condense']);
    expect(bodyOf(world, 'question.condense')).to.deep.equal({
      question: 'How does it share them?',
      history: HISTORY,
      model: 'big',
    });
    expect(world.command('question.condense').pool).to.equal('gpu');
    finish(world.hears('question.condense', condensed));
    expect(types(world).slice(1)).to.deep.equal(['texts.embed', 'passages.retrieve', 'answer.generate']);
    expect(bodyOf(world, 'texts.embed').texts).to.deep.equal([STANDALONE]);
    expect(bodyOf(world, 'passages.retrieve').query).to.equal(STANDALONE);
    expect(bodyOf(world, 'answer.generate')).to.include({
      question: 'How does it share them?',
      standalone: STANDALONE,
    });
    expect(bodyOf(world, 'answer.generate').messages).to.deep.equal(HISTORY);
    expect(world.job.result).to.include({ standalone_question: STANDALONE });
    expect(world.job.result).to.not.have.property('condensed');
  });

  it('counts its cost and its steps with the others', () => {
    const world = finish(asked().hears('question.condense', condensed));
    expect(world.job.usage).to.include({ prompt_tokens: 247, completion_tokens: 30, provider_ms: 17 });
    const progress = world.events.filter(({ event }) => event === 'job.progress').map(({ data }) => data);
    expect(progress.map(({ done, total, stage }) => `${done}/${total} ${stage}`)).to.deep.equal([
      '1/4 texts.embed',
      '2/4 passages.retrieve',
      '3/4 answer.generate',
    ]);
    expect(world.job.progress).to.deep.equal({ done: 4, total: 4 });
  });

  it('ranks by the question that stands alone', () => {
    const world = asked({}, { languageModel: true, ranker: true }).hears('question.condense', condensed);
    world.hears('texts.embed', embedded).hears('passages.retrieve', retrieved);
    expect(bodyOf(world, 'passages.rank').question).to.equal(STANDALONE);
    world.hears('passages.rank', PassagesRanked({ scores: { psg_4: 1 }, model: 'r', provider: 'tei', provider_ms: 1 }));
    expect(world.job.progress).to.deep.equal({ done: 4, total: 5 });
  });

  it('hears it once, and not when it is late', () => {
    const world = asked().hears('question.condense', condensed).hears('question.condense', condensed, 'again');
    const late = QuestionCondensed({ question: 'Something else?', usage: { prompt_tokens: 1000 } });
    finish(world.hears('question.condense', late, 'late'));
    world.hears('question.condense', late, 'after the end');
    expect(types(world)).to.deep.equal(['question.condense', 'texts.embed', 'passages.retrieve', 'answer.generate']);
    expect(world.job.result).to.include({ standalone_question: STANDALONE });
    expect(world.job.usage).to.include({ prompt_tokens: 247 });
  });

  it('hears nothing else while it waits for it', () => {
    const world = asked();
    const command = world.command('question.condense');
    for (const [index, event] of [embedded, retrieved, generated, AnswerStarted({ run: '1-a' })].entries())
      world.turn({ id: `foreign/${index}`, job: command.job, at: Date.parse('2026-01-01T00:00:01Z'), event });
    expect(types(world)).to.deep.equal(['question.condense']);
  });

  const goesOnAsItWas = (world: World) => {
    expect(bodyOf(finish(world), 'texts.embed').texts).to.deep.equal(['How does it share them?']);
    expect(bodyOf(world, 'answer.generate')).to.not.have.property('standalone');
    expect(world.job).to.include({ status: 'succeeded' });
    expect(world.job.result).to.include({ condensed: false }).and.not.have.property('standalone_question');
  };

  it('goes on with the question as it is when nobody could say it better', () => {
    goesOnAsItWas(asked().hears('question.condense', QuestionCondensed({})));
  });

  it('goes on with the question as it is when condensing failed for good', () => {
    const world = asked();
    const { id, type: stage, part, body } = world.command('question.condense');
    const error = { code: 'provider_error' as const, message: 'no', retryable: false };
    world.hears(stage, CommandRetrying({ command: id, stage, part, attempt: 2, delay_ms: 1000, error }), 'r');
    const dead = CommandFailed({ command: id, stage, part, dead_letter: 'dl', replay: 0, error, body });
    world.hears(stage, dead).hears(stage, dead, 'again');
    expect(types(world)).to.deep.equal(['question.condense', 'texts.embed']);
    goesOnAsItWas(world);
    expect(world.shown).to.include('job.retrying').and.not.include('job.failed');
  });

  it('is stopped while it is put into words', () => {
    const world = asked().told(JobCancel({})).hears('question.condense', condensed);
    expect(world.aborted).to.equal(true);
    expect(types(world)).to.deep.equal(['question.condense']);
  });

  for (const [why, input, settings, told] of [
    ['no language model is configured', {}, {}, { condensed: false }],
    ['the job asks for quotes', { model: 'extractive' }, { languageModel: true }, { condensed: false }],
    ['nothing was said before', { history: [] }, { languageModel: true }, {}],
    ['there is no history', { history: undefined }, { languageModel: true }, {}],
    [
      'there are only instructions',
      { history: [{ role: 'system', content: 'Be brief.' }] },
      { languageModel: true },
      { condensed: false },
    ],
  ] as const)
    it(`is looked for as it is when ${why}`, () => {
      const world = finish(asked(input, settings));
      expect(types(world)).to.deep.equal(['texts.embed', 'passages.retrieve', 'answer.generate']);
      expect(world.job.result).to.not.have.property('standalone_question');
      expect(world.job.result?.condensed).to.equal('condensed' in told ? told.condensed : undefined);
    });
});
