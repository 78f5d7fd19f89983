import { quantile } from '../support/quantiles.ts';
import { atMost, exactly, type Finding, told } from './finding.ts';
import { Watch } from './processes.ts';
import type { Scenario } from './scenario.ts';
import { atRate, Submitter } from './submitter.ts';
import { untilNoneLeft } from './until-empty.ts';

const PER_SECOND = 1_000;
const SECONDS = 10;
const CONNECTIONS = 64;
/** A system that has only just started runs code that is not compiled yet. */
const WARM_UP = { perSecond: 300, seconds: 8 };
const MOST_P99_MS = 500;
const MOST_MEMORY_MB = 500;
const DRAIN_MS = 300_000;

/** 10,000 submissions in ten seconds: each is accepted or refused clearly, and all that were accepted end. */
export const burst: Scenario = {
  name: 'burst',
  about: `${PER_SECOND * SECONDS} jobs in ${SECONDS} s over ${CONNECTIONS} warm connections`,
  async run({ warren, say }) {
    const submitter = new Submitter(warren.url, CONNECTIONS);
    const watch = new Watch(async () => (await warren.run()).pids, 1_000);
    try {
      await submitter.warm();
      const submit = () => submitter.submit({ type: 'embed', input: { texts: ['a text'] } });
      await atRate(WARM_UP.perSecond, WARM_UP.seconds, submit);
      await untilNoneLeft(submitter, DRAIN_MS);
      const answers = await atRate(PER_SECOND, SECONDS, submit);
      say('submitted; waiting for the last job to end');
      const drained = await untilNoneLeft(submitter, DRAIN_MS);
      const times = answers.map(({ ms }) => ms);
      const byStatus = (status: number) => answers.filter((answer) => answer.status === status).length;
      const [accepted, refused] = [byStatus(202), byStatus(429) + byStatus(503)];
      return [
        told('accepted, refused', `${accepted}, ${refused}`),
        exactly('answered otherwise', answers.length - accepted - refused, 0),
        told('time to accept, p50', `${quantile(times, 0.5).toFixed(1)} ms`),
        atMost('time to accept, p99', quantile(times, 0.99), MOST_P99_MS, ' ms'),
        atMost('last job done after the last submission', drained ?? Number.POSITIVE_INFINITY, DRAIN_MS / 1000, ' s'),
        ...memory(watch),
      ];
    } finally {
      watch.stop();
      submitter.close();
    }
  },
};

const memory = (watch: Watch): Finding[] =>
  ['gateway', 'rag-orchestrator', 'embedder'].map((name) =>
    atMost(`most memory of the ${name}`, watch.most(name), MOST_MEMORY_MB, ' MB'),
  );
