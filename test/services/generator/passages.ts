import type { Passage } from '../../../shared/messages/retrieval.ts';

/** A passage with what a test does not care about filled in. */
export const passage = (text: string, more: Partial<Passage> = {}): Passage => ({
  passage_id: 'psg_01890000-0000-7000-8000-000000000001',
  document_id: 'guide',
  title: 'Guide',
  heading: '',
  text,
  score: 1,
  start: 0,
  end: text.length,
  metadata: {},
  ...more,
});

export const RETRIES = passage(
  'A command that fails is tried again after a while. The waits grow from one second to five minutes.\n' +
    'A command that fails for good becomes a dead letter. An operator can replay it once the cause is mended.',
  { title: 'Operating', heading: 'Failures › Retries', similarity: 0.62 },
);

export const PRIORITY = passage(
  'Each service has three lanes. High lanes are served sixteen times as often as low ones, so low work never starves.',
  { title: 'Design', heading: 'Priority', similarity: 0.31, score: 0.4 },
);

/** Hard-wrapped Markdown with all that is no sentence. */
export const MARKDOWN = passage(
  [
    '## How do I install it?',
    '',
    'Is it hard to install?',
    'Installing takes one command and',
    'works on Linux and macOS alike. It needs',
    'Node 20 only.',
    '',
    '```sh',
    'npm install the-thing and install it well.',
    '```',
    '',
    '| install | command |',
    '|---|---|',
    '',
    '- Docker is used when it is there.',
    '- Otherwise packages are installed into the data folder.',
    'const install = await installer();',
  ].join('\n'),
  { title: 'README', heading: 'Install', similarity: 0.7 },
);
