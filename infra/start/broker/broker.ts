/** Takes one line for the person who waits. */
export type Log = (line: string) => void;

/** Where a broker can be reached, and by whom. */
export interface BrokerAddress {
  readonly amqpUrl: string;
  /** Without credentials; undefined when the broker is not ours and nobody told it. */
  readonly managementUrl: string | undefined;
  readonly user: string | undefined;
  readonly password: string | undefined;
}

/** RabbitMQ's own tools that act on a running node. @default rabbitmqctl */
export type ControlTool = 'rabbitmqctl' | 'rabbitmq-queues' | 'rabbitmq-streams';

/** A RabbitMQ of our own: loopback only, its own data folder, gone when we are gone. */
export interface PrivateBroker extends BrokerAddress {
  readonly managementUrl: string;
  readonly user: string;
  readonly password: string;
  /** Of the process that dies with the broker; undefined while it is down. */
  readonly pid: number | undefined;
  /** Ends the broker process without a word to it. @default 'SIGKILL' */
  kill(signal?: NodeJS.Signals): void;
  /** Runs RabbitMQ's tool with these words and resolves to what it prints. @throws Error with its complaint */
  control(words: readonly string[], tool?: ControlTool): Promise<string>;
  /** Starts it again on the same ports and data, ending it first when it still runs; resolves when it is healthy. */
  restart(): Promise<void>;
  /** Lets it put its data in order, then ends it and all that came with it. Idempotent. */
  stop(): Promise<void>;
  /** Calls back whenever the broker ends outside `stop` and `restart`. Returns how to unsubscribe. */
  onExit(listener: (how: string) => void): () => void;
}

/** The URL with its credentials in it, as tools that take one string want it. */
export function withCredentials(url: string, user: string, password: string): string {
  const whole = new URL(url);
  whole.username = user;
  whole.password = password;
  return whole.toString().replace(/\/$/, '');
}
