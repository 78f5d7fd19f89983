export interface QueueInfo {
  readonly name: string;
  readonly kind: 'lane' | 'journal' | 'retry' | 'dead' | 'control';
  /** Messages that wait. */
  readonly depth: number;
  readonly consumers: number;
  /** Only with a management URL. */
  readonly unacked?: number;
  /** Age of the oldest waiting message in seconds; only where the management API knows it. */
  readonly oldest_age_s?: number;
}
