import type { LanguageModel, Piece } from '../../../services/generator/models/model.ts';
import { OutageError } from '../../../shared/bus/errors.ts';

export const FINISH: Piece = { finish: { finish_reason: 'stop', model: 'fake', usage: { completion_tokens: 7 } } };

/** A model that writes what a test says. */
export const fakeModel = (generate: LanguageModel['generate'], more: Partial<LanguageModel> = {}): LanguageModel => ({
  provider: 'fake',
  model: 'fake',
  serves: () => true,
  refuses: () => undefined,
  contextTokens: async () => undefined,
  generate,
  warmUp: async () => {},
  breakers: () => ({}),
  close: () => {},
  ...more,
});

export const says = (...texts: string[]): LanguageModel =>
  fakeModel(async function* () {
    for (const text of texts) yield { text };
    yield FINISH;
  });

/** A model whose provider is out for so long. */
export const out = (afterMs: number): LanguageModel =>
  // biome-ignore lint/correctness/useYield: it fails before there is anything to yield
  fakeModel(async function* () {
    throw new OutageError('fake', 'fake is out', afterMs);
  });
