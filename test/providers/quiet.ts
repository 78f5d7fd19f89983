import { expect } from 'chai';
import { afterEach, beforeEach } from 'mocha';

const METHODS = ['log', 'info', 'warn', 'error', 'debug'] as const;

/** In this suite nothing may write to the console, and no rejection may go unheard. */
export function staysQuiet(): void {
  let heard: string[] = [];
  let restore: (() => void) | undefined;
  const unheard = (error: unknown): void => {
    heard.push(`unhandled rejection: ${String(error)}`);
  };
  beforeEach(() => {
    heard = [];
    const before = METHODS.map((method) => [method, console[method]] as const);
    for (const method of METHODS) console[method] = (...args: unknown[]) => heard.push(`${method}: ${args.join(' ')}`);
    process.on('unhandledRejection', unheard);
    restore = () => {
      for (const [method, original] of before) console[method] = original;
      process.off('unhandledRejection', unheard);
    };
  });
  afterEach(async () => {
    await new Promise(setImmediate); // rejections nobody has heard are told by now
    restore?.();
    expect(heard).to.deep.equal([]);
  });
}
