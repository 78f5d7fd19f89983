/** What is run on each version. */
export interface Part {
  readonly name: string;
  readonly files: readonly string[];
  /** Needs a broker beside those that it starts itself. */
  readonly needsBroker: boolean;
}

export const PARTS: readonly Part[] = [
  { name: 'bus', files: ['test/bus/**/*.test.ts'], needsBroker: true },
  { name: 'chaos', files: ['test/chaos/round.test.ts'], needsBroker: false },
  { name: 'cluster', files: ['test/cluster/**/*.test.ts'], needsBroker: false },
  { name: 'chaos on a cluster', files: ['test/chaos/cluster.round.ts'], needsBroker: false },
];
