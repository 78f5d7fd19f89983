import { expect } from 'chai';
import { generateAnswer } from '../../../services/generator/generate-answer.ts';
import { extractiveModel } from '../../../services/generator/models/extractive/extractive.ts';
import type { LanguageModel } from '../../../services/generator/models/model.ts';
import { AbortedError, OutageError, RetryableError, TerminalError } from '../../../shared/bus/errors.ts';
import { AnswerDelta, AnswerGenerated, AnswerStarted, GenerateAnswer } from '../../../shared/messages/answering.ts';
import { type FakeWork, fakeWork } from '../../support/fake-work.ts';
import { MEASURED_AGAIN } from '../../support/measured.ts';
import { rejected } from '../../support/rejected.ts';
import { FINISH, fakeModel, out, says } from './fake-model.ts';
import { PRIORITY, RETRIES } from './passages.ts';

type Body = GenerateAnswer['body'];

const PROMPT: Body = { messages: [{ role: 'user', content: 'hello' }] };
async function run(chain: LanguageModel[], body: Body = PROMPT, fake: FakeWork = fakeWork(GenerateAnswer.type)) {
  const { event, detail } = await generateAnswer(chain).run(body, fake.work);
  return { answer: AnswerGenerated.parse(event.body).body, detail, told: fake.told };
}

const deltas = (told: FakeWork['told']) =>
  told.flatMap(({ event, detail, atMs }) => (event.type === AnswerDelta.type ? [{ ...event.body, detail, atMs }] : []));

describe('answer.generate', () => {
  it('says that it begins, tells the text, and returns the whole', async () => {
    const { answer, detail, told } = await run([says('Hello', ', ', 'world', '. [1]')]);
    const [started] = told;
    expect(started?.event).to.deep.equal(AnswerStarted({ run: answer.run }));
    expect(started?.detail).to.equal(answer.run);
    expect(detail).to.equal(answer.run);
    expect(answer).to.include({
      text: 'Hello, world. [1]',
      model: 'fake',
      provider: 'fake',
      finish_reason: 'stop',
      degraded: false,
    });
    expect(answer.usage).to.include({ completion_tokens: 7 });
    let text = '';
    for (const [n, delta] of deltas(told).entries()) {
      expect(delta).to.include({ run: answer.run, offset: text.length, detail: `${answer.run}/${n}` });
      text += delta.text;
    }
    expect(text).to.equal(answer.text);
  });

  it('names every execution differently, after its attempt', async () => {
    const one = await run([says('x')], PROMPT, fakeWork(GenerateAnswer.type, { attempt: 2 }));
    const two = await run([says('x')], PROMPT, fakeWork(GenerateAnswer.type, { attempt: 2 }));
    expect(one.answer.run).to.match(/^2-[0-9a-f]{12}$/);
    expect(two.answer.run).to.not.equal(one.answer.run);
  });

  it('tells at most thirty deltas a second, and the last without being pushed', async () => {
    const model = fakeModel(async function* () {
      for (let n = 0; n < 60; n += 1) {
        yield { text: `${n} ` };
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      await new Promise((resolve) => setTimeout(resolve, 150));
      yield FINISH;
    });
    const { told, answer } = await run([model]);
    const times = deltas(told).map(({ atMs }) => atMs);
    const seconds = ((times.at(-1) ?? 0) - (times[0] ?? 0)) / 1000;
    expect(times.length).to.be.within(3, Math.ceil(seconds * 30) + 2);
    // All but the last character, which might go on, was told while the model paused.
    expect(deltas(told).at(-1)?.text).to.equal(answer.text.slice(-1));
  }).retries(MEASURED_AGAIN);

  it('never cuts a character', async () => {
    const text = 'a👩‍🚀e\u0301🇫🇷\r\nक्षि👍🏽z';
    const units = Array.from({ length: text.length }, (_, at) => text.charAt(at));
    const model = fakeModel(async function* () {
      for (const unit of units) {
        yield { text: unit };
        await new Promise((resolve) => setTimeout(resolve, 36));
      }
      yield FINISH;
    });
    const { told, answer } = await run([model]);
    expect(answer.text).to.equal(text);
    const whole = new Set(Array.from(new Intl.Segmenter().segment(text), ({ index }) => index));
    expect(deltas(told).length).to.be.above(5);
    for (const { offset } of deltas(told)) expect(whole, `a delta begins at ${offset}`).to.include(offset);
  });

  it('waits for room before it asks the model for more', async () => {
    let asked = 0;
    let release: (() => void) | undefined;
    const model = fakeModel(async function* () {
      for (asked = 1; asked <= 50; asked += 1) yield { text: 'word ' };
      yield FINISH;
    });
    const fake = fakeWork(GenerateAnswer.type, {
      onTell: ({ event }) =>
        event.type === AnswerDelta.type && release === undefined
          ? new Promise((resolve) => (release = resolve))
          : undefined,
    });
    const running = run([model], PROMPT, fake);
    while (release === undefined) await new Promise(setImmediate);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(asked).to.equal(1);
    release();
    expect((await running).answer.text).to.have.length(250);
  });

  it('fails when telling fails, and closes the stream', async () => {
    let closed = false;
    const model = fakeModel(async function* () {
      try {
        for (;;) yield { text: 'more ' };
      } finally {
        closed = true;
      }
    });
    const gone = new Error('the broker is gone');
    const fake = fakeWork(GenerateAnswer.type, {
      onTell: ({ event }) => (event.type === AnswerDelta.type ? Promise.reject(gone) : undefined),
    });
    expect(await rejected(run([model], PROMPT, fake), Error)).to.equal(gone);
    expect(closed).to.equal(true);
  });

  it('takes a stream without an end for a failure', async () => {
    const model = fakeModel(async function* () {
      yield { text: 'Half an ans' };
    });
    expect((await rejected(run([model]), RetryableError)).message).to.include('before the text was whole');
  });

  it('says that an empty text began, too', async () => {
    const { answer, told } = await run([says()]);
    expect(answer.text).to.equal('');
    expect(told.map(({ event }) => event.type)).to.deep.equal([AnswerStarted.type]);
  });

  it('throws the reason of an abort', async () => {
    const fake = fakeWork(GenerateAnswer.type);
    const reason = new AbortedError('overdue');
    const model = fakeModel(async function* () {
      yield { text: 'one' };
      fake.abort(reason);
      yield { text: 'two' };
      yield FINISH;
    });
    expect(await rejected(run([model], PROMPT, fake), AbortedError)).to.equal(reason);
    expect(
      deltas(fake.told)
        .map(({ text }) => text)
        .join(''),
    ).to.not.include('two');
  });

  describe('with a chain', () => {
    const ASK: Body = { question: 'When does a command become a dead letter?', passages: [RETRIES, PRIORITY] };

    it('falls back when the first is out, and says so', async () => {
      const { answer } = await run([out(5000), extractiveModel()], ASK);
      expect(answer).to.include({ provider: 'extractive', model: 'extractive', degraded: true });
      expect(answer.cited).to.include(1);
    });

    it('is not degraded when the first answers', async () => {
      expect((await run([extractiveModel(), out(1)], ASK)).answer).to.include({ degraded: false });
    });

    it('takes back half a text when its model goes out, and has the next write anew', async () => {
      const leaves = fakeModel(async function* () {
        yield { text: 'Half an ans' };
        throw new OutageError('fake', 'fake is gone', 1000);
      });
      const { answer, told } = await run([leaves, says('A whole one.')]);
      expect(answer).to.include({ text: 'A whole one.', degraded: true });
      const runs = told.flatMap(({ event, detail }) => (event.type === AnswerStarted.type ? [detail] : []));
      expect(runs).to.have.length(2);
      expect(runs[1]).to.equal(answer.run);
      expect(
        deltas(told)
          .flatMap(({ detail, text }) => (detail.startsWith(answer.run) ? [text] : []))
          .join(''),
      ).to.equal(answer.text);
    });

    it('is out when all are, for as long as the first to come back', async () => {
      const fake = fakeWork(GenerateAnswer.type);
      const outage = await rejected(run([out(5000), out(900)], PROMPT, fake), OutageError);
      expect(outage.afterMs).to.equal(900);
      expect(fake.told).to.deep.equal([]);
    });

    it('does not fall back on what cannot write this', async () => {
      await rejected(run([out(5000), extractiveModel()]), OutageError);
    });

    it('waits for who is out when the next has no such model, and gives up when nobody is out', async () => {
      const refusing = fakeModel(
        // biome-ignore lint/correctness/useYield: it fails before there is anything to yield
        async function* () {
          throw new TerminalError('model_not_found', 'never heard of it');
        },
      );
      expect((await rejected(run([out(5000), refusing]), OutageError)).afterMs).to.equal(5000);
      expect((await run([out(5000), refusing, says('third')])).answer.text).to.equal('third');
      await rejected(run([refusing, says('second')]), TerminalError);
    });

    it('does not hide other errors behind a fallback', async () => {
      const failing = fakeModel(() => {
        throw new RetryableError('provider_error', 'once');
      });
      await rejected(run([failing, extractiveModel()], ASK), RetryableError);
    });

    it('says what is missing when nothing can write this', async () => {
      const error = await rejected(run([extractiveModel()]), TerminalError);
      expect(error.code).to.equal('model_not_found');
      expect(error.message).to.match(/^No language model is configured: set GENERATOR=ollama/);
    });

    it('goes by the model that the job names', async () => {
      const wanted = { ...ASK, model: 'extractive' };
      expect((await run([says('from fake'), extractiveModel()], wanted)).answer).to.include({
        provider: 'extractive',
        degraded: false,
      });
      expect((await run([extractiveModel(), says('from fake')], { ...ASK, model: 'llama' })).answer).to.include({
        provider: 'fake',
      });
      const error = await rejected(run([extractiveModel()], { ...ASK, model: 'llama' }), TerminalError);
      expect(error.code).to.equal('model_not_found');
    });
  });
});
