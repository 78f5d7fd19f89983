import { expect } from 'chai';
import type { SearchMode } from '../../shared/messages/inputs.ts';
import { type Collection, createCollection } from '../../shared/store/collections.ts';
import type { Database } from '../../shared/store/database.ts';
import { CollectionNotFound, DimensionMismatch } from '../../shared/store/errors.ts';
import { searchPassages } from '../../shared/store/search.ts';
import { tendLargeCollections } from '../../shared/store/upkeep.ts';
import { vectorBase64 } from '../../shared/store/vector.ts';
import { rejected } from '../support/rejected.ts';
import { ingest, prepare, sampleCollection, unique } from './samples.ts';

export function searchSuite(database: () => Database): void {
  interface Asked {
    readonly mode: SearchMode;
    readonly query?: string;
    readonly vector?: readonly number[];
    readonly top_k?: number;
    readonly explain?: boolean;
    readonly filter?: Record<string, string | number | boolean>;
  }
  const search = ({ owner, name }: Collection, { mode, query = '', vector, top_k = 10, explain, filter }: Asked) =>
    searchPassages(database(), {
      owner,
      collection: name,
      query,
      mode,
      top_k,
      ...(vector === undefined ? {} : { vector: vectorBase64(vector) }),
      ...(filter === undefined ? {} : { filter }),
      ...(explain === undefined ? {} : { explain }),
    });
  const texts = async (collection: Collection, asked: Asked) =>
    (await search(collection, asked)).map(({ text }) => text);

  describe('search', () => {
    let pets: Collection;
    before(async () => {
      pets = await sampleCollection(database());
      await ingest(database(), pets, {
        id: 'cats',
        title: 'Cats',
        metadata: { kind: 'cat', year: 2020, wild: false },
        passages: [
          ['the cat purrs on the sofa', [1, 0, 0]],
          ['a cat, a cat, and one more cat', [0.9, 0.1, 0]],
        ],
      });
      await ingest(database(), pets, {
        id: 'dogs',
        title: 'Dogs',
        metadata: { kind: 'dog', year: 2021, wild: false },
        passages: [
          ['the dog barks at the sofa', [0, 1, 0]],
          ['dogs are running through the garden', [0, 0.8, 0.6]],
        ],
      });
      await prepare(database(), pets, { id: 'unseen', passages: [['cat dog sofa', [1, 1, 1]]] });
      const other = await sampleCollection(database(), pets.owner, 'other');
      await ingest(database(), other, { id: 'cats', passages: [['the cat of another collection', [1, 0, 0]]] });
      const foreign = await sampleCollection(database(), unique('owner'), pets.name);
      await ingest(database(), foreign, { id: 'cats', passages: [['the cat of another owner', [1, 0, 0]]] });
    });

    it('by vector orders by cosine similarity', async () => {
      const found = await search(pets, { mode: 'vector', vector: [2, 0, 0] });
      expect(found.map(({ text }) => text.slice(0, 7))).to.deep.equal(['the cat', 'a cat, ', 'the dog', 'dogs ar']);
      expect(found.map(({ similarity }) => Number(similarity?.toFixed(3)))).to.deep.equal([1, 0.994, 0, 0]);
      expect(found[0]?.score).to.equal(1);
      expect(found.at(-1)?.score).to.be.closeTo(0, 1e-6);
      const { passage_id, ...first } = found[0] ?? {};
      expect(passage_id).to.match(/^psg_/);
      expect(first).to.deep.include({ document_id: 'cats', title: 'Cats', heading: 'Top', start: 0, end: 25 });
      expect(first).to.have.deep.property('metadata', { kind: 'cat', year: 2020, wild: false });
    });

    it('tells the page where a document has pages', async () => {
      const collection = await sampleCollection(database());
      await ingest(database(), collection, {
        id: 'book',
        page: 7,
        passages: [
          ['the cat sat', [1, 0]],
          ['the cat went', [0, 1]],
        ],
      });
      await ingest(database(), collection, { id: 'note', passages: [['a cat slept', [1, 1]]] });
      const found = await search(collection, { mode: 'text', query: 'cat' });
      const pages = Object.fromEntries(found.map(({ text, page }) => [text, page]));
      expect(pages).to.deep.equal({ 'the cat sat': 7, 'the cat went': 8, 'a cat slept': undefined });
      for (const { page, ...rest } of found) if (page === undefined) expect(rest).to.not.have.property('page');
    });

    it('by words is BM25: rare words, many times, in short passages; endings do not matter', async () => {
      const found = await search(pets, { mode: 'text', query: 'Where do cats purr?' });
      expect(found.map(({ text }) => text.slice(0, 7))).to.deep.equal(['the cat', 'a cat, ']);
      expect(found[0]).to.not.have.property('similarity');
      expect(await texts(pets, { mode: 'text', query: 'run' })).to.deep.equal(['dogs are running through the garden']);
      expect(await texts(pets, { mode: 'text', query: 'cat' })).to.deep.equal([
        'a cat, a cat, and one more cat',
        'the cat purrs on the sofa',
      ]);
      const sofa = await search(pets, { mode: 'text', query: 'sofa' });
      expect(sofa.map(({ score }) => score)).to.deep.equal([1, 1]);
    });

    it('agrees with BM25 computed by hand', async () => {
      const collection = await sampleCollection(database());
      const passages = ['alpha beta', 'alpha alpha gamma delta', 'beta gamma', 'epsilon zeta eta theta iota'];
      await ingest(database(), collection, { id: 'greek', passages: passages.map((text) => [text, [1, 1]] as const) });
      const found = await search(collection, { mode: 'text', query: 'alpha delta' });
      const length = (text: string) => text.split(' ').length + 1; // and the heading
      const average = passages.reduce((sum, text) => sum + length(text), 0) / passages.length;
      const bm25 = (text: string) =>
        ['alpha', 'delta'].reduce((sum, term) => {
          const df = passages.filter((other) => other.split(' ').includes(term)).length;
          const tf = text.split(' ').filter((word) => word === term).length;
          const idf = Math.log(1 + (passages.length - df + 0.5) / (df + 0.5));
          return sum + (idf * tf * 2.2) / (tf + 1.2 * (0.25 + (0.75 * length(text)) / average));
        }, 0);
      const byHand = passages.filter((text) => bm25(text) > 0).sort((a, b) => bm25(b) - bm25(a));
      expect(found.map(({ text }) => text)).to.deep.equal(byHand);
      expect(byHand).to.have.length(2);
    });

    it('hybrid adds both by weight, and takes similarity by three fifths from the passage, by two from those around it', async () => {
      const asked = { query: 'dog barks', vector: [1, 0, 0] };
      const found = await search(pets, { ...asked, mode: 'hybrid' });
      const near = await search(pets, { ...asked, mode: 'vector' });
      const placed = near.map(({ text, document_id, similarity = NaN }) => {
        const around = near
          .filter((other) => other.document_id === document_id)
          .map((other) => other.similarity ?? NaN);
        return { text, value: 0.6 * similarity + 0.4 * (around.reduce((a, b) => a + b, 0) / around.length) };
      });
      const values = placed.map(({ value }) => value);
      const [low, high] = [Math.min(...values), Math.max(...values)];
      const dense = new Map(placed.map(({ text, value }) => [text, (value - low) / (high - low)]));
      const worded = new Map(
        (await search(pets, { ...asked, mode: 'text' })).map((passage) => [passage.text, passage.score]),
      );
      expect(found).to.have.length(4);
      for (const { text, score } of found) {
        expect(score).to.be.closeTo(0.7 * (dense.get(text) ?? 0) + 0.3 * (worded.get(text) ?? 0), 1e-6);
      }
      expect(found.map(({ score }) => score)).to.deep.equal(found.map(({ score }) => score).toSorted((a, b) => b - a));
      expect(found.every(({ similarity }) => similarity !== undefined)).to.equal(true);
    });

    it('hybrid prefers, of passages alike, the one among others about the question: three on each side of its document', async () => {
      const collection = await sampleCollection(database());
      const alike = ['the same words', [0.8, 0.6]] as const;
      const related = ['something near', [1, 0]] as const;
      const beside = Array.from({ length: 3 }, () => ['something else', [0, 1]] as const);
      await ingest(database(), collection, { id: 'alone', passages: [...beside, alike, ...beside, related, related] });
      await ingest(database(), collection, { id: 'among', passages: [...beside, related, related, alike] });
      await ingest(database(), collection, { id: 'short', passages: [alike] });
      const asked = { query: 'same', vector: [1, 0], mode: 'hybrid' } as const;
      const found = await search(collection, { ...asked, explain: true, top_k: 100 });
      const context = Object.fromEntries(
        found
          .filter(({ text }) => text === 'the same words')
          .map(({ document_id, explain }) => [document_id, Number(explain?.dense?.context?.toFixed(3))]),
      );
      expect(context).to.deep.equal({ among: 0.7, short: 0.8, alone: 0.114 });
      const order = found.filter(({ text }) => text === 'the same words').map(({ document_id }) => document_id);
      expect(order).to.deep.equal(['short', 'among', 'alone']);
    });

    it('explained tells how each score came about, and nothing else changes', async () => {
      const asked = { query: 'dog barks', vector: [1, 0, 0], mode: 'hybrid' } as const;
      const found = await search(pets, { ...asked, explain: true });
      for (const { score, similarity, explain } of found) {
        const { weight = NaN, dense, lexical, model } = explain ?? {};
        expect(weight * (dense?.scaled ?? 0) + (1 - weight) * (lexical?.scaled ?? 0)).to.be.closeTo(score, 1e-6);
        expect(dense?.similarity).to.equal(similarity);
        expect(model).to.equal('hand');
      }
      const ranks = found.map(({ explain }) => [explain?.dense?.rank, explain?.lexical?.rank]);
      expect(ranks).to.deep.equal([
        [1, undefined],
        [2, undefined],
        [3, 1],
        [3, 2],
      ]);
      expect(found.map(({ explain: _, ...passage }) => passage)).to.deep.equal(await search(pets, asked));
      const [worded] = await search(pets, { mode: 'text', query: 'dog barks', explain: true });
      expect(worded?.explain).to.have.all.keys('weight', 'lexical');
      expect(worded?.explain?.lexical).to.deep.include({ rank: 1, scaled: 1 });
    });

    it('reads queries in the language of the collection', async () => {
      const documents = {
        id: 'any',
        passages: [['Die Häuser stehen am Meer', [1, 0]] as const, ['the houses', [0, 1]] as const],
      };
      const expectations = { german: ['Haus', 0], english: ['house', 1], simple: ['houses', 1] } as const;
      for (const [language, [query, index]] of Object.entries(expectations)) {
        const collection = await createCollection(database(), unique('owner'), 'docs', {
          ...{ embedding_model: 'hand', chunk_size: 200, chunk_overlap: 20 },
          language,
        });
        await ingest(database(), collection, documents);
        expect(await texts(collection, { mode: 'text', query }), language).to.deep.equal([
          documents.passages[index]?.[0],
        ]);
        const stopWords = await texts(collection, { mode: 'text', query: 'am' });
        expect(stopWords, language).to.have.length(language === 'simple' ? 1 : 0);
      }
    });

    it('hybrid without a vector looks at words alone', async () => {
      expect(await texts(pets, { mode: 'hybrid', query: 'garden' })).to.deep.equal([
        'dogs are running through the garden',
      ]);
    });

    it('is restricted by the metadata of documents', async () => {
      const asked = { vector: [1, 0, 0], query: 'sofa' };
      for (const mode of ['vector', 'text', 'hybrid'] as const) {
        const found = await search(pets, { ...asked, mode, filter: { kind: 'dog', year: 2021, wild: false } });
        expect(new Set(found.map(({ document_id }) => document_id)), mode).to.deep.equal(new Set(['dogs']));
        expect(await texts(pets, { ...asked, mode, filter: { kind: 'dog', year: 2020 } }), mode).to.deep.equal([]);
      }
    });

    it('gives as many as asked', async () => {
      expect(await texts(pets, { mode: 'hybrid', query: 'cat', vector: [1, 0, 0], top_k: 1 })).to.have.length(1);
    });

    it('finds nothing for words that stop, that are unknown, or that are none', async () => {
      for (const query of ['the of and', 'xylophone', '', "'); drop table jobs; --", '\0', '!!! & | <-> :*']) {
        expect(await texts(pets, { mode: 'text', query }), query).to.deep.equal([]);
      }
    });

    it('finds words of any script', async () => {
      const collection = await sampleCollection(database());
      const passages = ['Грамота о кошках', '猫は ソファで眠る', 'naïve café', 'emoji 😀 works'];
      await ingest(database(), collection, {
        id: 'any',
        passages: passages.map((text, index) => [text, [1, index]] as const),
      });
      expect(await texts(collection, { mode: 'text', query: 'ГРАМОТА' })).to.deep.equal([passages[0]]);
      expect(await texts(collection, { mode: 'text', query: 'ソファで眠る' })).to.deep.equal([passages[1]]);
      expect(await texts(collection, { mode: 'text', query: 'café' })).to.deep.equal([passages[2]]);
    });

    it('answers in an empty collection with nothing', async () => {
      const collection = await sampleCollection(database());
      for (const mode of ['vector', 'text', 'hybrid'] as const) {
        expect(await texts(collection, { mode, query: 'cat', vector: [1, 0] }), mode).to.deep.equal([]);
      }
    });

    it('of nothing but zeros is like one without a vector', async () => {
      expect(await texts(pets, { mode: 'vector', vector: [0, 0, 0] })).to.deep.equal([]);
      expect(await texts(pets, { mode: 'hybrid', query: 'garden', vector: [0, 0, 0] })).to.have.length(1);
    });

    it('in a large collection gets an index on a server, never on PGlite, where making it would hold up everybody', async () => {
      const LARGE = 80;
      const collection = await sampleCollection(database());
      const passages = Array.from({ length: LARGE + 1 }, (_, index) => [`x${index}`, [1, index]] as const);
      await ingest(database(), collection, { id: 'large', passages });
      const [engine] = await database().query<{ version: string }>('select version()');
      const own = engine?.version.includes('PGlite') ? [] : [collection.id];
      const { counted, built } = await tendLargeCollections(database(), { threshold: LARGE });
      expect(counted).to.deep.equal(own);
      expect(built).to.have.length(own.length);
    });

    it('takes the one edition of a document that ended well for live, and so does the document', async () => {
      const odd = await database().query(
        `select e.document_id from editions e left join documents d on d.live_edition = e.no
         where (e.status in ('searchable', 'partial')) is distinct from (d.id is not null)`,
      );
      expect(odd).to.deep.equal([]);
    });

    it('says when there is no such collection, and when vectors cannot be compared', async () => {
      const nowhere = { ...pets, name: 'nowhere' };
      await rejected(search(nowhere, { mode: 'text', query: 'cat' }), CollectionNotFound);
      await rejected(search({ ...pets, owner: 'thief' }, { mode: 'text', query: 'cat' }), CollectionNotFound);
      await rejected(search(pets, { mode: 'vector', vector: [1, 0] }), DimensionMismatch);
      await rejected(search(pets, { mode: 'vector' }), TypeError);
    });
  });
}
