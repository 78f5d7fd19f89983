import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import pino from 'pino';
import { READING_LIMITS, type ReadingLimits } from '../../services/rag-orchestrator/reading/limits.ts';
import type { ReadRequest } from '../../services/rag-orchestrator/reading/protocol.ts';
import { Readers } from '../../services/rag-orchestrator/reading/readers.ts';
import { DocumentError } from '../../services/rag-orchestrator/split/document-error.ts';
import { programBeside } from '../../shared/beside.ts';
import { eventually } from '../support/eventually.ts';
import { MEASURED_AGAIN } from '../support/measured.ts';
import { rejected } from '../support/rejected.ts';

const SENTENCE = 'Every accepted job ends exactly once, whatever process dies in the meantime. ';
/** Takes seconds to read. */
const LONG = SENTENCE.repeat(120_000);
/** Takes gigabytes to read. */
const GREEDY = `<html>${'<i>x<p>'.repeat(1_500_000)}`;
const wanted = new AbortController().signal;

const request = (content: Uint8Array | string, mimeType = 'text/plain'): ReadRequest => ({
  content,
  mimeType,
  split: { size: 160, overlap: 0 },
});

/** The processes that read for a process. */
function readersOf(parent: number): number[] {
  const processes = execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' }).split('\n');
  return processes.flatMap((line) => {
    const [, pid, ppid, args = ''] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    return Number(ppid) === parent && args.includes('reading/reader') ? [Number(pid)] : [];
  });
}

const untilReaders = (count: number) =>
  eventually(() => ours().length === count, { within: 20_000, what: `${count} readers` });

/** Others in this process may have readers too. */
const foreign = new Set<number>();
const ours = (): number[] => readersOf(process.pid).filter((pid) => !foreign.has(pid));

/** An orphan that nobody buries stays as a zombie: it has ended all the same. */
const isAlive = (pid: number): boolean =>
  execFileSync('ps', ['-eo', 'pid=,stat='], { encoding: 'utf8' })
    .split('\n')
    .some((line) => {
      const [id, state = ''] = line.trim().split(/\s+/);
      return Number(id) === pid && !state.startsWith('Z');
    });

describe('readers', function () {
  this.timeout(60_000);
  before(() => {
    for (const pid of readersOf(process.pid)) foreign.add(pid);
  });
  const opened: Readers[] = [];
  const open = (limits: Partial<ReadingLimits> = {}): Readers => {
    const readers = new Readers({ ...READING_LIMITS, ...limits }, pino({ level: 'silent' }));
    opened.push(readers);
    return readers;
  };
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((readers) => readers.close()));
    await untilReaders(0);
  });

  const refusal = async (reading: Promise<unknown>): Promise<string> => {
    return (await rejected(reading, DocumentError)).message;
  };

  it('give the text and its passages', async () => {
    const { text, title, passages } = await open().read(request('# One\n\nSome text.\n', 'text/markdown'), wanted);
    expect([text, title]).to.deep.equal(['# One\n\nSome text.\n', 'One']);
    expect(passages).to.deep.equal([{ ord: 0, heading: 'One', text: 'Some text.', start: 7, end: 17, tokens: 3 }]);
  });

  it('read one document after the other in the same process', async () => {
    const readers = open();
    await readers.read(request('one'), wanted);
    const first = ours();
    await readers.read(request('two'), wanted);
    expect(ours()).to.deep.equal(first);
    expect(first).to.have.lengthOf(1);
  });

  it('keep the event loop free while they read', async () => {
    const readers = open();
    await readers.read(request('to have it started'), wanted);
    let turns = 0;
    const timer = setInterval(() => turns++, 5);
    const begun = performance.now();
    const { passages } = await readers.read(request(LONG), wanted);
    clearInterval(timer);
    expect(passages.length).to.be.greaterThan(10_000);
    expect(turns).to.be.greaterThan((performance.now() - begun) / 5 / 4);
  }).retries(MEASURED_AGAIN);

  it('refuse what takes too long, and go on with the next', async () => {
    const readers = open({ ms: 1_500, bounds: { ...READING_LIMITS.bounds, chars: 30_000_000 } });
    const tooLong = request(LONG.repeat(3));
    expect(await refusal(readers.read(tooLong, wanted))).to.equal('reading the document took more than 1.5 s');
    expect((await readers.read(request('next'), wanted)).text).to.equal('next');
  });

  it('refuse what takes too much memory, and go on with the next', async () => {
    const readers = open({ memoryMib: 320 });
    const refused = refusal(readers.read(request(GREEDY, 'text/html'), wanted));
    const [message, beside] = await Promise.all([refused, readers.read(request('beside it'), wanted)]);
    expect(message).to.equal('reading the document took more than 320 MiB of memory');
    expect(beside.text).to.equal('beside it');
    expect((await readers.read(request('next'), wanted)).text).to.equal('next');
  });

  it('refuse what is too large or too long before they read it', async () => {
    const readers = open({ bytes: 1000, bounds: { ...READING_LIMITS.bounds, chars: 100 } });
    expect(await refusal(readers.read(request(Buffer.alloc(1001, 'x')), wanted))).to.match(
      /^the document has 1,001 bytes/,
    );
    expect(await refusal(readers.read(request('x'.repeat(101)), wanted))).to.match(/101 characters .* at most 100/);
  });

  it('stop when nobody wants the document any more, also while it waits its turn', async () => {
    const readers = open();
    const cancel = new AbortController();
    const reason = new Error('cancelled');
    const all = Promise.allSettled([1, 2, 3].map(() => readers.read(request(LONG), cancel.signal)));
    await untilReaders(2);
    cancel.abort(reason);
    for (const ended of await all) expect(ended).to.deep.equal({ status: 'rejected', reason });
    expect((await readers.read(request('next'), wanted)).text).to.equal('next');
  });

  it('are not to blame a document for when somebody kills them: trying again helps', async () => {
    const readers = open();
    const reading = rejected(readers.read(request(LONG), wanted), Error);
    await untilReaders(1);
    for (const pid of ours()) process.kill(pid, 'SIGKILL');
    const error = await reading;
    expect(error).to.not.be.instanceOf(DocumentError);
    expect(error.message).to.match(/SIGKILL/);
    expect((await readers.read(request('again'), wanted)).text).to.equal('again');
  });

  it('do not outlive their parent, not even in the middle of a document', async () => {
    const parent = spawn(process.execPath, programBeside(import.meta.url, 'parent'), {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(createInterface(parent.stdout), 'line');
    const pids = readersOf(parent.pid ?? 0);
    expect(pids).to.have.lengthOf(1);
    parent.kill('SIGKILL');
    await eventually(() => !pids.some(isAlive), { within: 10_000, what: 'the end of an orphan' });
  });
});
