/** The broker was away or did not confirm in time. What was sent may still arrive: send it again under the same id. */
export class BrokerUnavailableError extends Error {
  override readonly name = 'BrokerUnavailableError';
}

/** More waits to be sent than this process may hold. */
export class OverloadedError extends Error {
  override readonly name = 'OverloadedError';
}

/** Somebody else has all dead letters in hand, and does not come to an end soon. */
export class DeadLettersBusyError extends Error {
  override readonly name = 'DeadLettersBusyError';
  constructor(cause?: unknown) {
    super('somebody else is busy with the dead letters', { cause });
  }
}

/** Nothing is wrong with what was sent: the same may be taken later. */
export const mayBeTakenLater = (error: unknown): boolean =>
  error instanceof BrokerUnavailableError || error instanceof OverloadedError || error instanceof RefusedError;

/** A queue or exchange exists with other arguments than ours. Only an operator can mend it. */
export class TopologyError extends Error {
  override readonly name = 'TopologyError';
  readonly queue: string;
  constructor(queue: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.queue = queue;
  }
}

/** No queue is bound where the message was sent (a mandatory publish came back). */
export class UnroutableError extends Error {
  override readonly name = 'UnroutableError';
}

/** The broker refused the message, e.g. because its queue is full. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
}
