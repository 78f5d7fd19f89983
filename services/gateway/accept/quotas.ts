import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible';
import { settlesWithin } from '../../../shared/bus/pause.ts';
import type { KeyLimits, KeyLimitsByName } from '../../../shared/config/key-limits.ts';
import type { Queryable } from '../../../shared/store/database.ts';
import { type OpenJobs, openJobsOf } from '../../../shared/store/shares.ts';
import { Problem } from '../problem.ts';
import type { Newborns } from './newborns.ts';

/** How long a client that has too much open should wait: some of it will have ended by then. */
const RETRY_AFTER_S = 5;
/** Refusing waits for a fresh count, but no longer than this. */
const COUNT_MS = 1_000;

/** What is known of one key. */
interface Tally {
  /** As of the last count. */
  counted: OpenJobs;
  /** Jobs let in since that count began. */
  since: number;
  /** Of them, and of those before: let in, and neither a newborn nor refused yet. */
  onTheWay: number;
  counting: Promise<void> | undefined;
}

interface Needs {
  readonly db: Queryable;
  readonly newborns: Pick<Newborns, 'of' | 'forget'>;
  readonly limits: KeyLimitsByName;
}

/**
 * How much one key may ask for. The rate is kept by each gateway alone; the number of open jobs is the database's, and is
 * asked for only when a key seems to be at its limit, so that accepting as a rule needs no database.
 */
export class Quotas {
  readonly #needs: Needs;
  readonly #rates = new Map<string, RateLimiterMemory>();
  readonly #tallies = new Map<string, Tally>();

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** @throws {Problem} rate_limited: too many submissions within a second */
  async takeTurn(owner: string): Promise<void> {
    const { rate } = this.#limitsOf(owner);
    if (rate === undefined) return;
    const limiter = this.#rates.get(owner) ?? new RateLimiterMemory({ points: rate, duration: 1 });
    this.#rates.set(owner, limiter);
    try {
      await limiter.consume(owner);
    } catch (refusal) {
      const { msBeforeNext } = refusal as RateLimiterRes;
      throw limited(`this key may submit ${rate} jobs a second`, Math.max(1, Math.ceil(msBeforeNext / 1000)));
    }
  }

  /**
   * Lets one job in. @returns to be called when it is a newborn, or was not accepted after all
   * @throws {Problem} rate_limited: too many jobs of this key are open
   */
  async takeRoom(owner: string): Promise<() => void> {
    const tally = this.#tallyOf(owner);
    if (this.#excess(owner, tally) !== undefined) await settlesWithin(this.#count(owner, tally), COUNT_MS);
    const excess = this.#excess(owner, tally);
    if (excess !== undefined) throw limited(excess, RETRY_AFTER_S);
    tally.since += 1;
    tally.onTheWay += 1;
    return () => {
      tally.onTheWay -= 1;
    };
  }

  #limitsOf(owner: string): KeyLimits {
    const { '*': all, [owner]: own } = this.#needs.limits;
    return { ...all, ...own };
  }

  #tallyOf(owner: string): Tally {
    const known = this.#tallies.get(owner);
    if (known !== undefined) return known;
    const fresh: Tally = { counted: { in_flight: 0, queued: 0 }, since: 0, onTheWay: 0, counting: undefined };
    this.#tallies.set(owner, fresh);
    void this.#count(owner, fresh); // what other gateways, or the one before this, let in
    return fresh;
  }

  #excess(owner: string, { counted, since }: Tally): string | undefined {
    const { in_flight = Number.POSITIVE_INFINITY, queued = Number.POSITIVE_INFINITY } = this.#limitsOf(owner);
    if (counted.in_flight + since >= in_flight) return `this key may have ${in_flight} jobs open at once`;
    if (counted.queued + since >= queued) return `this key may have ${queued} jobs queued at once`;
    return undefined;
  }

  /** Never rejects: without its database the gateway goes on by what it knows. */
  #count(owner: string, tally: Tally): Promise<void> {
    const { in_flight, queued } = this.#limitsOf(owner);
    const most = Math.max(in_flight ?? 0, queued ?? 0);
    if (most === 0) return Promise.resolve();
    const { since, onTheWay } = tally;
    const { db, newborns } = this.#needs;
    tally.counting ??= openJobsOf(db, owner, { most, unborn: newborns.of(owner, most) })
      .then(({ in_flight: open, queued: waiting, born }) => {
        // Whose push was lost, they would count as long as this gateway lives.
        for (const id of born) newborns.forget(id);
        tally.counted = { in_flight: open + onTheWay, queued: waiting + onTheWay };
        tally.since -= since;
      })
      .catch(() => undefined)
      .then(() => {
        tally.counting = undefined;
      });
    return tally.counting;
  }
}

const limited = (detail: string, afterS: number): Problem =>
  new Problem('rate_limited', `${detail}; ask again later`, { headers: { 'Retry-After': String(afterS) } });
