import { expect } from 'chai';
import {
  CollectionPage,
  CollectionView,
  DocumentPage,
  DocumentView,
  DocumentWithText,
} from '../../../services/gateway/api/collection.ts';
import type { AcceptedIngest } from '../../../shared/messages/inputs.ts';
import type { Job } from '../../../shared/messages/job.ts';
import { findCollection } from '../../../shared/store/collections.ts';
import { upsertPending } from '../../../shared/store/documents.ts';
import { readUpload } from '../../../shared/store/uploads.ts';
import { BOB, client, type Fixture, START_TIMEOUT_MS, startFixture } from './fixture.ts';

describe('gateway: collections and documents', () => {
  let fixture: Fixture;
  let ann: ReturnType<typeof client>;
  let bob: ReturnType<typeof client>;

  before(async function () {
    this.timeout(START_TIMEOUT_MS);
    fixture = await startFixture();
    ann = client(fixture.url);
    bob = client(fixture.url, BOB);
  });
  after(() => fixture?.stop());

  const ingested = async ({ body }: { body: { id: string } }): Promise<AcceptedIngest['documents']> => {
    const job: Job = await fixture.stage.job(body.id);
    return (job.input as AcceptedIngest).documents;
  };

  it('a collection is made, shown, listed and deleted', async () => {
    const made = await ann.post('/v1/collections', { name: 'books', chunking: { size: 100, overlap: 10 } });
    expect(made.status).to.equal(201);
    expect(made.headers.get('location')).to.equal('/v1/collections/books');
    const shown = {
      object: 'collection',
      name: 'books',
      embedding_model: 'all-MiniLM-L6-v2',
      dimensions: null,
      language: 'english',
      chunking: { size: 100, overlap: 10 },
      documents: 0,
      passages: 0,
    };
    expect(CollectionView.strict().parse(made.body)).to.deep.include(shown);
    expect((await ann.get('/v1/collections/books')).body).to.deep.equal(made.body);
    expect(CollectionPage.parse((await ann.get('/v1/collections')).body).data).to.deep.equal([made.body]);
    const twin = await ann.post('/v1/collections', { name: 'books' });
    expect([twin.status, twin.body.code]).to.deep.equal([409, 'collection_exists']);
    expect((await bob.get('/v1/collections/books')).status, 'foreign').to.equal(404);
    expect((await bob.delete('/v1/collections/books')).status, 'foreign').to.equal(404);
    expect((await bob.post('/v1/collections', { name: 'books' })).status, 'names are per owner').to.equal(201);
    expect((await ann.delete('/v1/collections/books')).status).to.equal(204);
    expect((await ann.get('/v1/collections/books')).body.code).to.equal('collection_not_found');
    expect((await ann.delete('/v1/collections/books')).status).to.equal(404);
  });

  it('a collection may be in any language that the database knows', async () => {
    const made = await ann.post('/v1/collections', { name: 'buecher', language: 'german' });
    expect(made.body).to.include({ language: 'german' });
    expect((await ann.get('/v1/collections/buecher')).body.language).to.equal('german');
    expect((await ann.post('/v1/collections', { name: 'plain', language: 'simple' })).status).to.equal(201);
    for (const language of ['klingon', 'English', "english'; drop table jobs; --"]) {
      const refused = await ann.post('/v1/collections', { name: 'odd', language });
      expect([refused.status, refused.body.errors[0].pointer], language).to.deep.equal([422, '/language']);
      expect(refused.body.errors[0].detail).to.match(/^the database has arabic, .*english, .*simple, /);
    }
    expect((await ann.get('/v1/collections/odd')).status).to.equal(404);
  });

  it('a collection needs a proper name and sizes', async () => {
    for (const body of [
      {},
      { name: 'a b' },
      { name: '' },
      { name: 'c', chunking: { size: 100, overlap: 90 } },
      { name: 'c', x: 1 },
    ]) {
      expect((await ann.post('/v1/collections', body)).status, JSON.stringify(body)).to.equal(422);
    }
    expect((await ann.post('/v1/collections/a%20b/documents', { documents: [{ text: 'x' }] })).status).to.equal(422);
  });

  it('small texts travel inside the job', async () => {
    const answer = await ann.post('/v1/collections/c/documents', {
      documents: [
        { id: 'a', text: '# Ä', mime_type: 'text/markdown; charset=utf-8', metadata: { year: 1 } },
        { content_base64: Buffer.from('<p>hi</p>').toString('base64'), source: 'dir/page.html' },
      ],
    });
    expect(answer.status).to.equal(202);
    expect(answer.body).to.deep.include({ type: 'ingest', priority: 'low', collection: 'c' });
    const [first, second] = await ingested(answer);
    expect(first).to.deep.equal({ id: 'a', mime_type: 'text/markdown', bytes: 4, text: '# Ä', metadata: { year: 1 } });
    expect(second).to.deep.include({ mime_type: 'text/html', text: '<p>hi</p>', source: 'dir/page.html' });
    expect(second?.id).to.match(/^doc_/);
  });

  it('large texts are checked in, and the job carries their checks', async () => {
    const text = 'ä'.repeat(40_000);
    const answer = await ann.post('/v1/jobs', {
      type: 'ingest',
      priority: 'high',
      input: {
        collection: 'c',
        documents: [
          { id: 'small', text: 's' },
          { id: 'large', text },
          { id: 'late', text: 'l' },
        ],
      },
    });
    expect(answer.body).to.deep.include({ priority: 'high' });
    const [small, large, late] = await ingested(answer);
    expect([small?.text, large?.text, late?.text]).to.deep.equal(['s', undefined, 'l']);
    expect(large).to.deep.include({ bytes: 80_000 });
    const upload = await readUpload(fixture.database.db, large?.upload ?? '');
    expect(upload?.toString()).to.equal(text);
  });

  it('files come as multipart, with the type their names tell', async () => {
    const form = new FormData();
    form.append('file', new Blob(['# Title']), 'notes.md');
    form.append('file', new Blob(['plain'], { type: 'text/plain' }), 'README');
    form.append('file', new Blob(['<h1>x</h1>'], { type: 'text/html' }), 'päge.html');
    form.append('metadata', '{"tag":"x"}');
    const answer = await ann.post('/v1/collections/c/documents', form);
    expect(answer.status, JSON.stringify(answer.body)).to.equal(202);
    const documents = await ingested(answer);
    expect(documents.map(({ title, mime_type, text, metadata }) => [title, mime_type, text, metadata])).to.deep.equal([
      ['notes.md', 'text/markdown', '# Title', { tag: 'x' }],
      ['README', 'text/plain', 'plain', { tag: 'x' }],
      ['päge.html', 'text/html', '<h1>x</h1>', { tag: 'x' }],
    ]);
  });

  it('PDF and DOCX come as base64 and as files, and lie as they are until they are read', async () => {
    const docx = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document';
    const bytes = Buffer.from('%PDF-1.7\n\xe2\xe3\xcf\xd3', 'latin1');
    const documents = [
      { content_base64: bytes.toString('base64'), mime_type: 'application/pdf' },
      { content_base64: bytes.toString('base64'), source: 'letter.docx' },
      { content_base64: bytes.toString('base64'), mime_type: 'text/plain' },
    ];
    const form = new FormData();
    form.append('file', new Blob([bytes], { type: 'application/pdf' }), 'paper.pdf');
    form.append('file', new Blob([bytes]), 'letter.docx');
    const accepted = [
      ...(await ingested(await ann.post('/v1/collections/c/documents', { documents }))),
      ...(await ingested(await ann.post('/v1/collections/c/documents', form))),
    ];
    expect(accepted.map(({ mime_type }) => mime_type)).to.deep.equal([
      'application/pdf',
      docx,
      'text/plain',
      'application/pdf',
      docx,
    ]);
    for (const { upload, text } of accepted) {
      expect(text).to.equal(undefined);
      expect(await readUpload(fixture.database.db, upload ?? '')).to.deep.equal(bytes);
    }
  });

  it('32 MiB of documents pass, more do not', async () => {
    const documents = Array.from({ length: 30 }, (_, n) => ({ id: `d${n}`, text: String(n).repeat(500_000) }));
    const answer = await ann.post('/v1/collections/big/documents', { documents });
    expect(answer.status, JSON.stringify(answer.body).slice(0, 300)).to.equal(202);
    const more = { documents: [{ text: 'x'.repeat(32 * 1024 * 1024) }] };
    const refused = await ann.post('/v1/collections/big/documents', more);
    expect([refused.status, refused.body.code]).to.deep.equal([413, 'payload_too_large']);
    const form = new FormData();
    for (let n = 0; n < 33; n += 1) form.append('file', new Blob(['x'.repeat(1024 * 1024)]), `${n}.txt`);
    expect((await ann.post('/v1/collections/big/documents', form)).status).to.equal(413);
  }).timeout(60_000);

  it('what cannot be read is refused, and says why', async () => {
    const cases: [what: string, document: Record<string, unknown>, status: number, detail: RegExp][] = [
      [
        'a picture',
        { content_base64: 'iVBORw==', mime_type: 'image/png' },
        415,
        /"image\/png" cannot be read; send PDF/,
      ],
      ['no base64', { content_base64: '***' }, 422, /content_base64/],
      ['neither text nor content', { id: 'x' }, 422, /either text or content_base64/],
      ['both', { text: 'x', content_base64: 'eA==' }, 422, /either text or content_base64/],
    ];
    for (const [what, document, status, detail] of cases) {
      const answer = await ann.post('/v1/collections/c/documents', { documents: [document] });
      expect(answer.status, what).to.equal(status);
      expect(answer.body.detail, what).to.match(detail);
    }
    const twins = await ann.post('/v1/collections/c/documents', {
      documents: [
        { id: 'a', text: 'x' },
        { id: 'a', text: 'y' },
      ],
    });
    expect([twins.status, twins.body.errors[0].pointer]).to.deep.equal([422, '/documents/1/id']);
    const heavy = { documents: [{ text: 'x', metadata: { a: 'x'.repeat(800_000) } }] };
    expect((await ann.post('/v1/collections/c/documents', heavy)).status).to.equal(413);
  });

  it('a broken or empty form is refused', async () => {
    const headers = { 'content-type': 'multipart/form-data; boundary=x' };
    const broken = await ann.post(
      '/v1/collections/c/documents',
      '--x\r\nContent-Disposition: form-data; name="f"; filename="a.txt"\r\n\r\nabc',
      headers,
    );
    expect([broken.status, broken.body.code]).to.deep.equal([400, 'malformed_multipart']);
    const unbounded = await ann.post('/v1/collections/c/documents', 'x', { 'content-type': 'multipart/form-data' });
    expect(unbounded.status).to.equal(400);
    const empty = await ann.post('/v1/collections/c/documents', '--x--\r\n', headers);
    expect(empty.status).to.equal(422);
    const form = new FormData();
    form.append('file', new Blob(['x']), 'a.txt');
    form.append('colour', 'red');
    expect((await ann.post('/v1/collections/c/documents', form)).body.errors[0].pointer).to.equal('/colour');
  });

  it('documents are listed in pages, shown with their text, and deleted', async () => {
    await ann.post('/v1/collections', { name: 'shelf' });
    const collection = await findCollection(fixture.database.db, 'ann', 'shelf');
    const job = (await ann.post('/v1/jobs', { type: 'embed', input: { texts: ['x'] } })).body.id as string;
    const documents = ['a', 'b/c', 'd'].map((id) => ({
      collection_id: collection?.id ?? 0,
      id,
      owner: 'ann',
      revision: job,
      title: id,
      mime_type: 'text/plain',
      metadata: { n: 1 },
      bytes: 3,
    }));
    await upsertPending(fixture.database.db, documents);
    const first = await ann.get('/v1/collections/shelf/documents?limit=2');
    expect(DocumentPage.parse(first.body).data.map(({ id }) => id)).to.deep.equal(['a', 'b/c']);
    expect(DocumentView.strict().parse(first.body.data[0])).to.deep.include({
      status: 'pending',
      job,
      metadata: { n: 1 },
    });
    const second = await ann.get(`/v1/collections/shelf/documents?after=${encodeURIComponent(first.body.next_cursor)}`);
    expect(second.body.data.map(({ id }: { id: string }) => id)).to.deep.equal(['d']);
    const one = await ann.get(`/v1/collections/shelf/documents/${encodeURIComponent('b/c')}`);
    expect(DocumentWithText.strict().parse(one.body)).to.deep.include({ id: 'b/c', text: null });
    expect((await bob.get('/v1/collections/shelf/documents')).body.code).to.equal('collection_not_found');
    expect((await bob.delete('/v1/collections/shelf/documents/a')).status).to.equal(404);
    expect((await ann.delete('/v1/collections/shelf/documents/a')).status).to.equal(204);
    expect((await ann.get('/v1/collections/shelf/documents/a')).body.code).to.equal('document_not_found');
    expect((await ann.get('/v1/collections/shelf/documents/%00')).status).to.equal(404);
  });

  describe('a search', () => {
    const passage = {
      passage_id: 'psg_1',
      document_id: 'a',
      title: 'A',
      heading: '',
      text: 't',
      score: 1,
      start: 0,
      end: 1,
      metadata: {},
    };
    afterEach(() => {
      fixture.stage.onBorn = async () => undefined;
    });

    it('is a job of high priority that is waited for', async () => {
      fixture.stage.onBorn = async ({ id }) => void (await fixture.stage.succeed(id, { results: [passage] }));
      const { status, headers, body } = await ann.post('/v1/search', { collection: 'c', query: 'q', mode: 'text' });
      expect(status, JSON.stringify(body)).to.equal(200);
      expect(body).to.deep.equal({ results: [passage] });
      const job = await ann.get(headers.get('location') ?? '');
      expect(job.body).to.deep.include({
        type: 'search',
        priority: 'high',
        input: { collection: 'c', query: 'q', mode: 'text' },
      });
    });

    it('that fails says so', async () => {
      const cases = [
        ['collection_not_found', 404, 'collection_not_found'],
        ['validation', 422, 'validation_failed'],
        ['provider_error', 502, 'search_failed'],
        ['deadline_exceeded', 504, 'wait_timeout'],
      ] as const;
      for (const [code, status, shown] of cases) {
        const error = { code, message: 'so it is', retryable: false };
        fixture.stage.onBorn = async ({ id }) =>
          void (await fixture.stage.show(id, [{ event: 'job.failed', data: { error } }], { status: 'failed', error }));
        const answer = await ann.post('/v1/search', { collection: 'c', query: 'q' });
        expect([answer.status, answer.body.code, answer.body.detail]).to.deep.equal([status, shown, 'so it is']);
        expect(answer.headers.get('location')).to.match(/^\/v1\/jobs\/job_/);
      }
    });

    it('that takes too long is 504 with the job to look at', async () => {
      const other = await fixture.another({ limits: { searchMs: 300 } });
      const answer = await client(other.url).post('/v1/search', { collection: 'c', query: 'q' });
      expect([answer.status, answer.body.code]).to.deep.equal([504, 'wait_timeout']);
      expect((await ann.get(answer.headers.get('location') ?? '')).status).to.equal(200);
    });
  });
});
