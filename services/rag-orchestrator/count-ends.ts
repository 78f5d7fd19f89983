import { isTerminal, type Job } from '../../shared/messages/job.ts';
import { metrics } from '../../shared/metrics/metrics.ts';

/** Tells the metrics which jobs began and which ended in a turn. */
export function countEnds(before: ReadonlyMap<string, Job>, after: ReadonlyMap<string, Job>): void {
  for (const job of after.values()) {
    const known = before.get(job.id);
    if (job.started_at !== undefined && known?.started_at === undefined) {
      metrics.waitSeconds.observe({ type: job.type }, seconds(job.run_at ?? job.created_at, job.started_at));
    }
    if (!isTerminal(job.status) || (known !== undefined && isTerminal(known.status))) continue;
    metrics.finished.inc({ type: job.type, status: job.status });
    if (job.started_at !== undefined && job.finished_at !== undefined) {
      metrics.runSeconds.observe({ type: job.type }, seconds(job.started_at, job.finished_at));
    }
  }
}

const seconds = (from: string, to: string): number => Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000);
