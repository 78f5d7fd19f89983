import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { expect } from 'chai';
import { startMockProvider } from '../../infra/mock-provider/start-mock-provider.ts';
import { mockProvider, post, readParts, user } from './mock.ts';

/** `fetch` would mend some of these paths. */
async function statusOf(url: string, path: string): Promise<number | undefined> {
  const { hostname, port } = new URL(url);
  const [answer] = (await once(get({ hostname, port, path, agent: false }), 'response')) as [IncomingMessage];
  answer.resume();
  return answer.statusCode;
}

describe('mock provider: control', () => {
  const mock = mockProvider();
  const control = async (method: string, path: string, body?: unknown) => {
    const init = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(`${mock().url}/control/${path}`, { method, ...init });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> & { error?: string } };
  };
  const status = async (model: string, path = '/api/chat') => {
    const response = await post(`${mock().url}${path}`, { model, messages: user('x'), input: 'x' });
    await response.arrayBuffer();
    return response.status;
  };

  it('sets faults for some requests, so many times, and clears them', async () => {
    await control('POST', 'faults', { match: { model: 'mock-len*' }, fault: { status: 503 }, times: 2 });
    await control('POST', 'faults', { match: { path: '/api/embed' }, fault: { status: 429, retry_after: 1 } });
    expect(await status('mock')).to.equal(200);
    expect([await status('mock-len3'), await status('mock-len4'), await status('mock-len3')]).to.deep.equal([
      503, 503, 200,
    ]);
    expect(await status('mock', '/api/embed')).to.equal(429);
    expect((await control('GET', 'faults')).body).to.have.nested.property('faults.length', 1);
    await control('DELETE', 'faults');
    expect(await status('mock', '/api/embed')).to.equal(200);
  });

  it('combines faults; the later one wins', async () => {
    mock().faults.add({ fault: { status: 503, retry_after: 7 } });
    mock().faults.add({ fault: { status: 429 } });
    const response = await post(`${mock().url}/api/chat`, { model: 'mock', messages: user('x') });
    expect([response.status, response.headers.get('retry-after')]).to.deep.equal([429, '7']);
  });

  it('refuses what is no fault, by name', async () => {
    const refused = await control('POST', 'faults', { fault: { statos: 503 } });
    expect(refused.status).to.equal(400);
    expect(refused.body.error).to.include('statos');
    expect((await control('GET', 'nothing')).status).to.equal(404);
  });

  it('goes on after addresses and models of which nobody has heard', async () => {
    for (const path of ['/%', '/m/%E0%A4%A/embed', '//', '/control/%'])
      expect(await statusOf(mock().url, path), path).to.be.oneOf([404, 405]);
    for (const model of ['__proto__', 'constructor', 'toString']) expect(await status(model), model).to.equal(404);
    expect(mock().counts().requests_by_model).to.have.all.keys('__proto__', 'constructor', 'toString');
    expect(await status('mock')).to.equal(200);
  });

  it('counts requests but its own, and begins anew', async () => {
    await status('mock');
    await status('unknown');
    const { body } = await control('GET', 'counts');
    expect(body).to.deep.include({
      requests: 2,
      requests_by_model: { mock: 1, unknown: 1 },
      answers_by_status: { 200: 1, 404: 1 },
    });
    expect((await control('POST', 'reset')).body).to.include({ requests: 0, tokens_sent: 0 });
  });

  it('tells when each client closed', async () => {
    const client = new AbortController();
    const body = { model: 'mock-itl5-len1000', stream: true, messages: user('x') };
    const response = await post(`${mock().url}/v1/chat/completions`, body, { signal: client.signal });
    const reading = readParts(response);
    await mock().until(({ tokens_sent }) => tokens_sent >= 3);
    const at = performance.timeOrigin + performance.now();
    client.abort();
    await reading;
    const counts = await mock().until(({ aborted }) => aborted === 1);
    expect(mock().abortedAt).to.have.length(1);
    expect((mock().abortedAt[0] ?? 0) - at).to.be.within(0, 250);
    expect(counts.aborts[0]?.tokens).to.equal(counts.tokens_sent);
    expect(counts).to.include({ streams_open: 0, requests_open: 0 });
  });

  it('tells what it waited for in vain', async () => {
    const waited = mock().until(({ requests }) => requests === 99, 5);
    expect(await waited.then(String, String))
      .to.include('did not become so within 5 ms')
      .and.include('"requests":0');
  });
});

describe('mock provider: stop', () => {
  it('lets answers under way end, cuts those that hang, and refuses new ones', async () => {
    const mock = await startMockProvider();
    const ask = (model: string) => post(`${mock.url}/api/chat`, { model, messages: user('x') });
    const running = ask('mock-ttft150-len3');
    const hanging = ask('mock-fault-hang').catch(() => 'cut');
    await mock.until(({ requests_open }) => requests_open === 2);
    const [first, second] = [mock.stop(), mock.stop()];
    expect(first).to.equal(second);
    expect(await hanging).to.equal('cut');
    expect((await running).status).to.equal(200);
    await first;
    expect(mock.counts()).to.include({ requests_open: 0, aborted: 0 });
    expect(await ask('mock').catch((error: Error) => error.name)).to.equal('TypeError');
  });

  it('has patience for so long', async () => {
    const mock = await startMockProvider({ drainMs: 30 });
    const slow = post(`${mock.url}/api/chat`, { model: 'mock-ttft60000', messages: user('x') }).catch(() => 'cut');
    await mock.until(({ requests_open }) => requests_open === 1);
    await mock.stop();
    expect(await slow).to.equal('cut');
  });
});
