/** Versions of RabbitMQ that can be asked for by name, and the release of Debian whose packages hold them. */
export const RELEASES = { '3.10': 'bookworm', '4.0': 'trixie', '4.3': 'sid' } as const;

export type BrokerVersion = keyof typeof RELEASES;

export const BROKER_VERSIONS = Object.keys(RELEASES) as readonly BrokerVersion[];
