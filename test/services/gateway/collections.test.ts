import { expect } from 'chai';
import { CollectionPage, CollectionView } from '../../../services/gateway/api/collection.ts';
import { suiteFixture } from './suite-fixture.ts';

describe('gateway: collections', () => {
  const { ann, bob } = suiteFixture();

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
});
