import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 250;
const ANSWER_TIMEOUT_MS = 3_000;

export interface HealthQuestion {
  readonly managementUrl: string;
  readonly user: string;
  readonly password: string;
  /** The port on which the broker itself sees its AMQP listener (inside a container: 5672). */
  readonly listener: number;
}

/** Whether the broker itself says that its AMQP listener is up. */
export async function isHealthy({ managementUrl, user, password, listener }: HealthQuestion): Promise<boolean> {
  const login = Buffer.from(`${user}:${password}`).toString('base64');
  try {
    const answer = await fetch(`${managementUrl}/api/health/checks/port-listener/${listener}`, {
      headers: { authorization: `Basic ${login}` },
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
    await answer.arrayBuffer();
    return answer.ok;
  } catch {
    return false;
  }
}

/**
 * Waits until the broker is healthy.
 * @param ended says how its process ended, once it has: then there is nothing to wait for
 * @throws Error when it ended or the time is over
 */
export async function untilHealthy(question: HealthQuestion, ended: () => string | undefined, timeoutMs: number) {
  const deadline = Date.now() + timeoutMs;
  while (!(await isHealthy(question))) {
    const how = ended();
    if (how !== undefined) throw new Error(`RabbitMQ ended while it started (${how})`);
    if (Date.now() > deadline) throw new Error(`RabbitMQ was not healthy within ${timeoutMs / 1000} s`);
    await sleep(POLL_MS);
  }
}
