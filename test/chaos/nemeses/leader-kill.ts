import { type Nemesis, once } from './nemesis.ts';

/** A journal, which every job needs, lanes of each worker, and the stream that cancels go over. */
const LED = [
  'journal.0',
  'embedder.default.high',
  'rag-orchestrator.default.high',
  'generator.default.high',
  'control',
];

export const leaderKill: Nemesis = {
  name: 'leader-kill',
  about: 'of a cluster, SIGKILL of the node that leads a journal, a lane or the control stream',
  targets: ({ brokers }) => (brokers.length > 1 ? LED : []),
  draw: once,
  async strike({ broker }, { target }) {
    broker.node(await broker.leaderOf(target)).kill('SIGKILL');
  },
};
