import { randomBytes } from 'node:crypto';
import { once } from '../../shared/bus/closeable.ts';
import { type Handler, on, type Work } from '../../shared/bus/handler.ts';
import {
  AnswerDelta,
  AnswerGenerated,
  AnswerStarted,
  type Cut,
  GenerateAnswer,
} from '../../shared/messages/answering.ts';
import { broken } from '../../shared/resilience/failure.ts';
import { whileWanted } from '../../shared/resilience/while-wanted.ts';
import { Citations } from './citations.ts';
import { DeltaPace } from './delta-pace.ts';
import { type Fitted, fitContext } from './fit-context.ts';
import { candidates, withFirst } from './models/chain.ts';
import type { Finish, GenerationRequest, LanguageModel } from './models/model.ts';
import { saysNotFound } from './not-found.ts';
import { ToldText } from './told-text.ts';

const RUN_BYTES = 6;

/** Names one execution of a command: a redelivered one writes its text anew, under another name. */
const newRun = (attempt: number): string => `${attempt}-${randomBytes(RUN_BYTES).toString('hex')}`;

interface Written {
  readonly model: LanguageModel;
  readonly run: string;
  readonly text: string;
  /** Numbers of the passages that it cites. */
  readonly cited: readonly number[];
  readonly cut: Cut | undefined;
  readonly finish: Finish;
}

/** The request as the model can read it; what had to be cut is told. */
async function fitted(model: LanguageModel, request: GenerationRequest, { signal, log }: Work): Promise<Fitted> {
  const context = request.passages === undefined ? undefined : await whileWanted(model.contextTokens(request), signal);
  const made = fitContext(request, context);
  if (made.cut !== undefined)
    log.warn({ provider: model.provider, context, cut: made.cut }, 'the prompt was cut to fit');
  return made;
}

/** Writes a text with one model, as a run of its own, and tells it as it grows. */
async function write(model: LanguageModel, whole: GenerationRequest, work: Work, pace: DeltaPace): Promise<Written> {
  const { signal, command } = work;
  const { request, cut } = await fitted(model, whole, work);
  const run = newRun(command.attempt);
  const begin = once(() => work.tell(AnswerStarted({ run }), run));
  const told = new ToldText(pace, ({ n, offset, text }) =>
    work.tell(AnswerDelta({ run, offset, text }), `${run}/${n}`),
  );
  const citations = request.passages && new Citations(request.passages.map(({ text }) => text));
  let finish: Finish | undefined;
  try {
    for await (const piece of model.generate(request, { signal })) {
      signal.throwIfAborted();
      await begin();
      if ('finish' in piece) finish = piece.finish;
      else await told.add(citations?.add(piece) ?? piece.text);
    }
    signal.throwIfAborted();
    if (finish === undefined) throw broken(model.provider, 'ended its stream before the text was whole');
    if (citations !== undefined) await told.add(citations.end());
    return { model, run, text: await told.end(), cited: citations?.cited ?? [], cut, finish };
  } finally {
    told.close();
  }
}

/** What is missing of an answer from passages: parts of its prompt, or its own end. */
function cutOf({ passages }: GenerationRequest, cut: Cut | undefined, { finish_reason }: Finish): { cut?: Cut } {
  if (passages === undefined || finish_reason !== 'length') return cut === undefined ? {} : { cut };
  return { cut: { ...cut, answer: true } };
}

/** Writes a text, telling it as it grows, with the first model of the chain that is there. */
export function generateAnswer(chain: readonly LanguageModel[]): Handler {
  const pace = new DeltaPace();
  return on(GenerateAnswer, async (request, work) => {
    const able = candidates(chain, request);
    const begun = performance.now();
    // One that goes out in mid-text is followed by the next in a new run, so that its half text is taken back.
    const { run, text, cited, cut, finish, model } = await withFirst(able, work.log, (each) =>
      write(each, request, work, pace),
    );
    const event = AnswerGenerated({
      run,
      text,
      model: finish.model,
      provider: model.provider,
      finish_reason: finish.finish_reason,
      degraded: model !== able[0],
      cited: [...cited],
      ...(cited.length === 0 && saysNotFound(text) ? { not_found: true as const } : {}),
      ...cutOf(request, cut, finish),
      usage: { provider_ms: Math.round(performance.now() - begun), ...finish.usage },
    });
    return { event, detail: run };
  });
}
