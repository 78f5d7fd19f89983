import { connect } from 'node:net';
import { after, afterEach, before } from 'mocha';
import {
  type MockProvider,
  type MockProviderOptions,
  startMockProvider,
} from '../../infra/mock-provider/start-mock-provider.ts';

/** A mock provider for the tests of a suite; between them it forgets all. */
export function mockProvider(options: MockProviderOptions = {}): () => MockProvider {
  let mock: MockProvider | undefined;
  before(async () => {
    mock = await startMockProvider({ drainMs: 200, ...options });
  });
  afterEach(() => mock?.reset());
  after(() => mock?.stop());
  return () => {
    if (mock === undefined) throw new Error('the mock provider runs only within tests');
    return mock;
  };
}

export const post = (url: string, body: unknown, init: RequestInit = {}): Promise<Response> =>
  fetch(url, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' }, ...init });

export const user = (content: string) => [{ role: 'user', content }];

/** The parts in which a body arrives, and the error that ended it, if any. */
export async function readParts(response: Response): Promise<{ parts: Buffer[]; error: unknown }> {
  const parts: Buffer[] = [];
  try {
    for await (const part of response.body ?? []) parts.push(Buffer.from(part));
  } catch (error) {
    return { parts, error };
  }
  return { parts, error: undefined };
}

/** What a plain socket receives for a request, and how the connection ended. */
export function rawPost(
  url: string,
  path: string,
  body: unknown,
): Promise<{ text: string; error: string | undefined }> {
  const { hostname, port } = new URL(url);
  const json = JSON.stringify(body);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    let text = '';
    let error: string | undefined;
    socket.setEncoding('utf8');
    socket.on('data', (data: string) => {
      text += data;
    });
    socket.on('error', (failure: NodeJS.ErrnoException) => {
      error = failure.code;
    });
    socket.on('close', () => resolve({ text, error }));
    socket.write(
      `POST ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: ${Buffer.byteLength(json)}\r\n\r\n${json}`,
    );
  });
}
