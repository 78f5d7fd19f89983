import type { Duplex } from 'node:stream';
import type { ClientBase } from 'pg';

/**
 * Gathers what a connection writes: from each call on until the end of the tick everything leaves in one packet. A system
 * call for each statement, and a wake-up of the database, would cost more than many of the statements.
 */
export function packets(client: ClientBase): () => void {
  const { stream } = (client as ClientBase & { readonly connection: { readonly stream: Duplex } }).connection;
  let open = false;
  return () => {
    if (open) return;
    open = true;
    stream.cork();
    process.nextTick(() => {
      open = false;
      stream.uncork();
    });
  };
}
