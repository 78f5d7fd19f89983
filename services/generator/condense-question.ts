import { OutageError } from '../../shared/bus/errors.ts';
import { type Handler, on, type Work } from '../../shared/bus/handler.ts';
import { CondenseQuestion, QuestionCondensed } from '../../shared/messages/condensing.ts';
import type { Usage } from '../../shared/messages/job.ts';
import { condensingMessages, LONGEST_QUESTION_CHARS, readQuestion } from './condensing.ts';
import { candidates, withFirst } from './models/chain.ts';
import type { GenerationRequest, LanguageModel } from './models/model.ts';

/** Room for a model that thinks before it writes; a question is a few dozen. */
const MOST_TOKENS = 1_024;
/** Beyond this nobody reads on: the rest of a text that runs away is not worth the wait. */
const MOST_CHARS = 8 * LONGEST_QUESTION_CHARS;

interface Written {
  readonly text: string;
  readonly usage?: Usage;
}

/** What a model says to the end; nothing when it runs away or is cut. */
async function write(model: LanguageModel, request: GenerationRequest, { signal }: Work): Promise<Written> {
  let text = '';
  for await (const piece of model.generate(request, { signal })) {
    signal.throwIfAborted();
    if ('finish' in piece) {
      const { finish_reason, usage } = piece.finish;
      return { text: finish_reason === 'length' ? '' : text, usage };
    }
    text += piece.text;
    if (text.length > MOST_CHARS) break;
  }
  return { text: '' };
}

/**
 * Says a question by itself, with the first model of the chain that is there. When all are out, but something else would
 * answer all the same, the question stays as it is: an answer must not wait for what it can do without.
 */
export const condenseQuestion = (chain: readonly LanguageModel[]): Handler =>
  on(CondenseQuestion, async (body, work) => {
    const { model } = body;
    const request: GenerationRequest = {
      messages: condensingMessages(body),
      max_tokens: MOST_TOKENS,
      temperature: 0,
      ...(model === undefined ? {} : { model }),
    };
    const able = candidates(chain, request);
    const begun = performance.now();
    try {
      const { text, usage } = await withFirst(able, work.log, (each) => write(each, request, work));
      const question = readQuestion(text);
      const provider_ms = Math.round(performance.now() - begun);
      return {
        event: QuestionCondensed({ ...(question === undefined ? {} : { question }), usage: { provider_ms, ...usage } }),
      };
    } catch (error) {
      if (error instanceof OutageError && able.length < chain.length) return { event: QuestionCondensed({}) };
      throw error;
    }
  });
