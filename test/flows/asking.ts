import { AnswerDelta, AnswerGenerated, AnswerStarted } from '../../shared/messages/answering.ts';
import { TextsEmbedded } from '../../shared/messages/embedding.ts';
import { type Passage, PassagesRetrieved } from '../../shared/messages/retrieval.ts';
import { submitted, World } from './given.ts';

export const passage = (n: number): Passage => ({
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

export const embedded = TextsEmbedded({
  batch: 'query',
  model: 'm',
  dimensions: 1,
  vectors: ['AACAPw=='],
  provider: 'local',
  provider_ms: 3,
});
export const retrieved = PassagesRetrieved({ passages: [passage(1), passage(2), passage(3), passage(4)] });
export const started = (run: string) => AnswerStarted({ run });
export const delta = (run: string, offset: number, text: string) => AnswerDelta({ run, offset, text });
export const generated = (run: string, text: string, cited = [1]) =>
  AnswerGenerated({ run, text, model: 'm', provider: 'p', finish_reason: 'stop', degraded: false, cited });

export const asked = () =>
  new World().turn(submitted('ask', { collection: 'c', question: 'Why?' }, { collection: 'c' }));
export const answering = () => asked().hears('texts.embed', embedded).hears('passages.retrieve', retrieved);
