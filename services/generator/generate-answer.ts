import { randomBytes } from 'node:crypto';
import { once } from '../../shared/bus/closeable.ts';
import { OutageError } from '../../shared/bus/errors.ts';
import { type Handler, on, type Work } from '../../shared/bus/handler.ts';
import { AnswerDelta, AnswerGenerated, AnswerStarted, GenerateAnswer } from '../../shared/messages/answering.ts';
import { broken } from '../../shared/resilience/failure.ts';
import { citedNumbers } from './citations.ts';
import { candidates } from './models/chain.ts';
import type { Finish, GenerationRequest, LanguageModel } from './models/model.ts';
import { ToldText } from './told-text.ts';

const RUN_BYTES = 6;

/** Names one execution of a command: a redelivered one writes its text anew, under another name. */
const newRun = (attempt: number): string => `${attempt}-${randomBytes(RUN_BYTES).toString('hex')}`;

interface Written {
  readonly run: string;
  readonly text: string;
  readonly finish: Finish;
}

/** Writes a text with one model, as a run of its own, and tells it as it grows. */
async function write(model: LanguageModel, request: GenerationRequest, work: Work): Promise<Written> {
  const { signal, command } = work;
  const run = newRun(command.attempt);
  const begin = once(() => work.tell(AnswerStarted({ run }), run));
  const told = new ToldText(({ n, offset, text }) => work.tell(AnswerDelta({ run, offset, text }), `${run}/${n}`));
  let finish: Finish | undefined;
  try {
    for await (const piece of model.generate(request, { signal })) {
      signal.throwIfAborted();
      await begin();
      if ('finish' in piece) finish = piece.finish;
      else await told.add(piece.text);
    }
    signal.throwIfAborted();
    if (finish === undefined) throw broken(model.provider, 'ended its stream before the text was whole');
    return { run, text: await told.end(), finish };
  } finally {
    told.close();
  }
}

/**
 * Asks the models one after the other while those before are out. One that goes out in mid-text is followed by the next
 * in a new run, so that its half text is taken back. @throws {OutageError} when all are out
 */
async function writeWithFirst(chain: readonly LanguageModel[], request: GenerationRequest, work: Work) {
  let soonest: OutageError | undefined;
  for (const model of chain) {
    try {
      return { ...(await write(model, request, work)), model };
    } catch (error) {
      if (!(error instanceof OutageError)) throw error;
      work.log.warn({ provider: error.provider, afterMs: error.afterMs, why: error.message }, 'provider is out');
      if (soonest === undefined || error.afterMs < soonest.afterMs) soonest = error;
    }
  }
  throw soonest ?? new Error('a chain of no models');
}

/** Writes a text, telling it as it grows, with the first model of the chain that is there. */
export const generateAnswer = (chain: readonly LanguageModel[]): Handler =>
  on(GenerateAnswer, async (request, work) => {
    const able = candidates(chain, request);
    const begun = performance.now();
    const { run, text, finish, model } = await writeWithFirst(able, request, work);
    const event = AnswerGenerated({
      run,
      text,
      model: finish.model,
      provider: model.provider,
      finish_reason: finish.finish_reason,
      degraded: model !== able[0],
      cited: citedNumbers(text, request.passages?.length ?? 0),
      usage: { provider_ms: Math.round(performance.now() - begun), ...finish.usage },
    });
    return { event, detail: run };
  });
