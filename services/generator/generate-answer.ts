import { randomBytes } from 'node:crypto';
import { once } from '../../shared/bus/closeable.ts';
import { OutageError, RetryableError } from '../../shared/bus/errors.ts';
import { type Handler, on, type Work } from '../../shared/bus/handler.ts';
import { AnswerDelta, AnswerGenerated, AnswerStarted, GenerateAnswer } from '../../shared/messages/answering.ts';
import { citedNumbers } from './citations.ts';
import { candidates } from './models/chain.ts';
import type { Finish, GenerationRequest, LanguageModel } from './models/model.ts';
import { ToldText } from './told-text.ts';

const RUN_BYTES = 6;

/** Names one execution of a command: a redelivered one writes its text anew, under another name. */
const newRun = (attempt: number): string => `${attempt}-${randomBytes(RUN_BYTES).toString('hex')}`;

interface Written {
  readonly text: string;
  readonly finish: Finish;
}

/** Where a text is told while it is written. */
interface Telling {
  /** Says that this run is the current one; only the first call does anything. */
  readonly begin: () => Promise<void>;
  readonly told: ToldText;
}

const telling = (run: string, work: Work): Telling => ({
  begin: once(() => work.tell(AnswerStarted({ run }), run)),
  told: new ToldText(({ n, offset, text }) => work.tell(AnswerDelta({ run, offset, text }), `${run}/${n}`)),
});

/** Writes a text with one model and tells it as it grows. @throws {OutageError} before anything was told */
async function write(
  model: LanguageModel,
  request: GenerationRequest,
  { begin, told }: Telling,
  signal: AbortSignal,
): Promise<Written> {
  let finish: Finish | undefined;
  for await (const piece of model.generate(request, { signal })) {
    signal.throwIfAborted();
    await begin();
    if ('finish' in piece) finish = piece.finish;
    else await told.add(piece.text);
  }
  signal.throwIfAborted();
  if (finish === undefined) {
    const message = `${model.provider} ended its stream before the text was whole`;
    throw new RetryableError('provider_error', message, { provider: model.provider });
  }
  return { text: await told.end(), finish };
}

/** Asks the models one after the other while those before are out. @throws {OutageError} when all are */
async function writeWithFirst(
  chain: readonly LanguageModel[],
  request: GenerationRequest,
  telling: Telling,
  { signal, log }: Work,
) {
  let soonest: OutageError | undefined;
  for (const model of chain) {
    try {
      return { ...(await write(model, request, telling, signal)), model };
    } catch (error) {
      if (!(error instanceof OutageError)) throw error;
      log.warn({ provider: error.provider, afterMs: error.afterMs }, 'provider is out');
      if (soonest === undefined || error.afterMs < soonest.afterMs) soonest = error;
    }
  }
  throw soonest ?? new Error('a chain of no models');
}

/** Writes a text, telling it as it grows, with the first model of the chain that is there. */
export const generateAnswer = (chain: readonly LanguageModel[]): Handler =>
  on(GenerateAnswer, async (request, work) => {
    const able = candidates(chain, request);
    const run = newRun(work.command.attempt);
    const { begin, told } = telling(run, work);
    const begun = performance.now();
    try {
      const { text, finish, model } = await writeWithFirst(able, request, { begin, told }, work);
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
    } finally {
      told.close();
    }
  });
