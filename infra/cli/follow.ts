import type { JobEvent } from './api-types.ts';
import type { Context } from './context.ts';
import { EXIT } from './exit-code.ts';
import { safe } from './text.ts';

interface Watched {
  /** What is said first when the stream ends by Ctrl-C. */
  readonly job: string;
  readonly after?: number;
}

/**
 * Follows a job to its end and shows each event: as a line of JSON with --json, else by `show`.
 * @returns the exit code that its end deserves
 */
export async function follow(
  context: Context,
  { job, after = 0 }: Watched,
  show: (event: JobEvent) => void,
): Promise<number> {
  const { client, terminal, json } = context;
  const onReconnect = (reason: string) => terminal.say(terminal.paintErr.dim(`(connecting again: ${safe(reason)})`));
  let last: JobEvent | undefined;
  try {
    for await (const event of client.events(job, { after, onReconnect })) {
      last = event;
      if (json) terminal.out(JSON.stringify(event));
      else show(event);
    }
  } catch (error) {
    if (!terminal.signal.aborted) throw error;
    terminal.say(
      `\n${job} goes on in the server: \`warren job ${job} --follow\` shows the rest, \`warren cancel ${job}\` stops it.`,
    );
    return EXIT.interrupted;
  }
  return last === undefined ? await ended(context, job) : verdict(context, last);
}

/** All its events were seen already. */
async function ended({ client }: Context, job: string): Promise<number> {
  return (await client.job(job)).status === 'succeeded' ? EXIT.ok : EXIT.failed;
}

function verdict({ terminal }: Context, { job, event, data }: JobEvent): number {
  if (event === 'job.succeeded') return EXIT.ok;
  const { red } = terminal.paintErr;
  if (event === 'job.failed') {
    const { code, message } = (data.error ?? {}) as { code?: string; message?: string };
    terminal.say(red(`${job} failed: ${safe(message ?? '')} (${code})`));
    if (data.dead_letter !== undefined)
      terminal.say(`Once the cause is mended: warren dead-letters replay ${data.dead_letter}`);
  } else terminal.say(red(`${job} was cancelled${data.reason === undefined ? '' : `: ${safe(String(data.reason))}`}`));
  return EXIT.failed;
}
