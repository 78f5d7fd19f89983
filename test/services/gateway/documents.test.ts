import { expect } from 'chai';
import { DocumentPage, DocumentView, DocumentWithText } from '../../../services/gateway/api/collection.ts';
import type { AcceptedIngest } from '../../../shared/messages/inputs.ts';
import type { Job } from '../../../shared/messages/job.ts';
import { findCollection } from '../../../shared/store/collections.ts';
import { upsertPending } from '../../../shared/store/documents.ts';
import { findIngested } from '../../../shared/store/jobs.ts';
import { readUpload } from '../../../shared/store/uploads.ts';
import { suiteFixture } from './suite-fixture.ts';

describe('gateway: documents', () => {
  const fixture = suiteFixture();
  const { ann, bob } = fixture;

  const ingested = async ({ body }: { body: { id: string } }): Promise<AcceptedIngest['documents']> => {
    const job: Job = await fixture.stage.job(body.id);
    return (job.input as AcceptedIngest).documents;
  };

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

  it('NULs and halves of characters in what is said of one do not reach the others', async () => {
    const documents = [
      { id: 'good', text: 'fine' },
      { id: 'b\0d', title: 'a\ud83d', source: '\0', text: 'fine', metadata: { 'k\0': ['\udc00'] } },
    ];
    const { body } = await ann.post('/v1/collections/c/documents', { documents });
    await ingested({ body });
    const found = await findIngested(fixture.database.db, body.id, 1);
    expect(found?.document).to.deep.include({
      id: 'b\ufffdd',
      title: 'a\ufffd',
      source: '\ufffd',
      metadata: { 'k\ufffd': ['\ufffd'] },
    });
  });

  it('metadata in a form is an object of JSON, and not too large', async () => {
    const cases = [
      ['{', 422, /^\/metadata: is not JSON/],
      ['[1]', 422, /^\/metadata: /],
      [JSON.stringify({ a: 'x'.repeat(70_000) }), 413, /^the field "metadata" may have 65536 bytes/],
    ] as const;
    for (const [metadata, status, detail] of cases) {
      const form = new FormData();
      form.append('file', new Blob(['x']), 'a.txt');
      form.append('metadata', metadata);
      const answer = await ann.post('/v1/collections/c/documents', form);
      expect([answer.status, answer.body.detail]).to.satisfy(
        ([got, said]: [number, string]) => got === status && detail.test(said),
      );
    }
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
});
