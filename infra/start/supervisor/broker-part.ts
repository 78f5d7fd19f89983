import { amqpAddresses, firstAddress } from '../../../shared/amqp-addresses.ts';
import { type BrokerAddress, type PrivateBroker, withCredentials } from '../broker/broker.ts';
import { startPrivateBroker } from '../broker/start-private-broker.ts';
import { say } from '../steps.ts';
import { keepBroker } from './broker-keeper.ts';
import { untilReachable } from './reachable.ts';

const REACHABLE_TIMEOUT_MS = 60_000;

/** The broker of a run: ours, kept alive, or one that was named. */
export interface BrokerPart extends BrokerAddress {
  /** Whether we started it, and must stop it. */
  readonly ours: boolean;
  pid(): number | null;
  stop(): Promise<void>;
  abandon(): void;
}

/** The management URL as the services want it: credentials inside. */
export const managementUrlForServices = ({ managementUrl, user, password }: BrokerAddress): string | undefined =>
  managementUrl && user !== undefined ? withCredentials(managementUrl, user, password ?? '') : managementUrl;

/** Uses the broker that AMQP_URL names. It is not ours to start or stop. */
export async function namedBroker(
  amqpUrl: string,
  managementUrl: string | undefined,
  signal: AbortSignal,
): Promise<BrokerPart> {
  await untilReachable('AMQP_URL', amqpAddresses(amqpUrl), REACHABLE_TIMEOUT_MS, signal);
  const login = managementUrl === undefined ? firstAddress(amqpUrl) : new URL(managementUrl);
  const plain = managementUrl === undefined ? undefined : new URL(managementUrl);
  if (plain) plain.username = plain.password = '';
  return {
    ours: false,
    amqpUrl,
    managementUrl: plain?.toString().replace(/\/$/, ''),
    user: decodeURIComponent(login.username) || undefined,
    password: decodeURIComponent(login.password) || undefined,
    pid: () => null,
    stop: async () => undefined,
    abandon: () => undefined,
  };
}

/** Starts a private broker and keeps it running. */
export async function ownBroker(dataDir: string, onChange: () => void): Promise<BrokerPart> {
  const broker: PrivateBroker = await startPrivateBroker({ dataDir, log: say });
  const letGo = keepBroker(broker, { onChange, tell: say });
  const { amqpUrl, managementUrl, user, password } = broker;
  return {
    ours: true,
    amqpUrl,
    managementUrl,
    user,
    password,
    pid: () => broker.pid ?? null,
    stop: () => {
      letGo();
      return broker.stop();
    },
    abandon: () => {
      letGo();
      broker.kill();
    },
  };
}
