import { expect } from 'chai';
import { condenseQuestion } from '../../../services/generator/condense-question.ts';
import { condensingMessages, readQuestion } from '../../../services/generator/condensing.ts';
import { extractiveModel } from '../../../services/generator/models/extractive/extractive.ts';
import type { GenerationRequest, LanguageModel } from '../../../services/generator/models/model.ts';
import { AbortedError, OutageError, RetryableError, TerminalError } from '../../../shared/bus/errors.ts';
import { CondenseQuestion, QuestionCondensed } from '../../../shared/messages/condensing.ts';
import { fakeWork } from '../../support/fake-work.ts';
import { rejected } from '../../support/rejected.ts';
import { fakeModel, out, says } from './fake-model.ts';

const BODY: CondenseQuestion['body'] = {
  question: 'And when does it end?',
  history: [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'When does the\nladder begin?' },
    { role: 'assistant', content: 'After one second [1].' },
  ],
};

async function run(chain: LanguageModel[], body = BODY, fake = fakeWork(CondenseQuestion.type)) {
  const { event } = await condenseQuestion(chain).run(body, fake.work);
  expect(fake.told).to.deep.equal([]);
  return QuestionCondensed.parse(event.body).body;
}

describe('question.condense', () => {
  it('asks for the question alone, after the conversation, and tells what it cost', async () => {
    let asked: GenerationRequest | undefined;
    const model = fakeModel(async function* (request) {
      asked = request;
      yield { text: 'When does the ' };
      yield { text: 'ladder end?' };
      yield { finish: { finish_reason: 'stop', model: 'fake', usage: { prompt_tokens: 30, completion_tokens: 5 } } };
    });
    const { question, usage } = await run([model], { ...BODY, model: 'big' });
    expect(question).to.equal('When does the ladder end?');
    expect(usage).to.include({ prompt_tokens: 30, completion_tokens: 5 }).and.have.property('provider_ms');
    expect(asked).to.include({ temperature: 0, model: 'big' });
    const [system, user] = asked?.messages ?? [];
    expect(system?.content).to.include('Do not answer it');
    expect(user?.content).to.equal(
      'Conversation:\nUser: When does the ladder begin?\nAssistant: After one second [1].\n\n' +
        'Question: And when does it end?\n\nStand-alone question:',
    );
  });

  it('tells the last few messages, and of long ones the beginning', () => {
    const history = Array.from({ length: 100 }, (_, n) => ({
      role: 'user' as const,
      content: `${n} ${'x'.repeat(5000)}`,
    }));
    const text = condensingMessages({ ...BODY, history })[1]?.content ?? '';
    expect(text.length).to.be.below(14_000);
    expect(text).to.include('User: 99 ').and.not.include('User: 91 ');
  });

  it('cuts no character of a long message in two', () => {
    for (const before of ['', 'x']) {
      const history = [{ role: 'user' as const, content: before + '🙂'.repeat(1_000) }];
      const text = condensingMessages({ ...BODY, history })[1]?.content ?? '';
      expect(text, JSON.stringify(before)).not.to.match(/\p{Surrogate}/u);
    }
  });

  it('reads the question out of what a model adds to it', () => {
    for (const text of [
      'When does it end?',
      '  "When does it end?"\n',
      'Stand-alone question: When does it end?',
      '**Question:** When does it end?',
      '<think>The user means…\nthe ladder.</think>\n\nWhen does\nit end?',
      '„When does it end?“',
    ])
      expect(readQuestion(text)).to.equal('When does it end?');
    for (const text of ['', ' \n', '<think>hm</think>', 'Question:', 'x'.repeat(3000)])
      expect(readQuestion(text)).to.equal(undefined);
    expect(readQuestion('Was heißt "Lane"?')).to.equal('Was heißt "Lane"?');
  });

  it('leaves the question as it is when the text was cut, or runs away', async () => {
    const cut = fakeModel(async function* () {
      yield { text: 'Let me think about' };
      yield { finish: { finish_reason: 'length', model: 'fake', usage: { completion_tokens: 1024 } } };
    });
    const { question, usage } = await run([cut]);
    expect(question).to.equal(undefined);
    expect(usage).to.include({ completion_tokens: 1024 });
    let closed = false;
    const endless = fakeModel(async function* () {
      try {
        for (;;) yield { text: 'on and on ' };
      } finally {
        closed = true;
      }
    });
    expect((await run([endless])).question).to.equal(undefined);
    expect(closed).to.equal(true);
  });

  it('falls back within the chain, and waits for nobody when something else answers without it', async () => {
    expect((await run([out(5000), says('What ends?'), extractiveModel()])).question).to.equal('What ends?');
    expect(await run([out(5000), extractiveModel()])).to.deep.equal({});
    const { afterMs } = await rejected(run([out(5000), out(700)]), OutageError);
    expect(afterMs).to.equal(700);
  });

  it('fails as any generation fails', async () => {
    const failing = fakeModel(() => {
      throw new RetryableError('provider_error', 'once');
    });
    await rejected(run([failing, extractiveModel()]), RetryableError);
    expect((await rejected(run([extractiveModel()]), TerminalError)).code).to.equal('model_not_found');
    const fake = fakeWork(CondenseQuestion.type);
    const reason = new AbortedError('cancelled');
    const model = fakeModel(async function* () {
      fake.abort(reason);
      yield { text: 'When' };
    });
    expect(await rejected(run([model], BODY, fake), AbortedError)).to.equal(reason);
  });
});
