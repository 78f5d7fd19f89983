import { startMockProvider } from '../../infra/mock-provider/start-mock-provider.ts';

/** An address at which somebody was a moment ago. */
export async function nobodyThere(): Promise<string> {
  const mock = await startMockProvider();
  await mock.stop();
  return mock.url;
}
