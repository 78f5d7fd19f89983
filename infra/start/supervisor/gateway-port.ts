import { freePorts, isFree } from '../broker/ports.ts';
import { ExpectedFailure } from '../expected-failure.ts';

/**
 * The port the gateway will have for the whole run, restarts included.
 * @throws ExpectedFailure when somebody else listens on it
 */
export async function gatewayPort(wanted: number, host: string): Promise<number> {
  if (wanted === 0) return (await freePorts([undefined]))[0] ?? 0;
  if (await isFree(wanted, host)) return wanted;
  throw new ExpectedFailure(`Port ${wanted} is taken by another program, so the gateway cannot listen on it.
End that program, or choose another port: PORT=8001 npm start (PORT=0 takes any free one).`);
}
