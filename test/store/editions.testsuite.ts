import { expect } from 'chai';
import { newId } from '../../shared/ids.ts';
import { closeAbandoned } from '../../shared/store/abandoned.ts';
import type { Collection } from '../../shared/store/collections.ts';
import type { Database } from '../../shared/store/database.ts';
import { ABANDONED, getDocument } from '../../shared/store/documents.ts';
import { saveJobs } from '../../shared/store/jobs.ts';
import { countPassages, passageTexts } from '../../shared/store/passages.ts';
import { publishDocument } from '../../shared/store/publish.ts';
import { searchPassages } from '../../shared/store/search.ts';
import { ingest, prepare, sampleCollection, sampleJob } from './samples.ts';

export function editionsSuite(database: () => Database): void {
  const texts = async ({ owner, name }: Collection, query: string) =>
    (await searchPassages(database(), { owner, collection: name, query, top_k: 10, mode: 'text' })).map(
      ({ text }) => text,
    );
  const document = (collection: Collection, id: string) =>
    getDocument(database(), { collection_id: collection.id, id });
  const leftOf = async ({ id }: Collection) => {
    const rows = await database().query<{ passages: number; vectors: number; postings: number }>(
      `select
         (select count(*)::int from passages p join editions e on e.no = p.edition where e.collection_id = $1::int) as passages,
         (select count(*)::int from vectors v join editions e on e.no = v.edition where e.collection_id = $1::int) as vectors,
         (select count(distinct (edition, ord))::int from postings where collection_id = $1::int) as postings`,
      [id],
    );
    return rows[0];
  };

  describe('editions of documents', () => {
    it('are pending until published, then searchable all at once', async () => {
      const collection = await sampleCollection(database());
      const edition = await prepare(database(), collection, {
        id: 'cats',
        title: 'On cats',
        metadata: { year: 2024 },
        passages: [
          ['cats purr', [1, 0]],
          ['cats sleep', [0, 1]],
        ],
      });
      expect(await document(collection, 'cats')).to.include({
        status: 'pending',
        passages: 0,
        text: 'cats purr\ncats sleep',
      });
      expect(await texts(collection, 'cats')).to.deep.equal([]);
      expect(await countPassages(database(), edition)).to.equal(2);
      expect(await passageTexts(database(), { ...edition, from: 1, limit: 5 })).to.deep.equal([
        { ord: 1, text: 'cats sleep', heading: 'Top', tokens: 5 },
      ]);
      await database().transaction((tx) => publishDocument(tx, { ...edition, status: 'searchable' }));
      expect(await texts(collection, 'cats')).to.have.members(['cats purr', 'cats sleep']);
      const { created_at, updated_at, ...rest } = (await document(collection, 'cats')) ?? {};
      expect(rest).to.deep.equal({
        id: 'cats',
        owner: collection.owner,
        title: 'On cats',
        source: null,
        mime_type: 'text/plain',
        metadata: { year: 2024 },
        bytes: 1,
        status: 'searchable',
        error: null,
        passages: 2,
        failed_passages: 0,
        job: edition.revision,
        text: 'cats purr\ncats sleep',
      });
      expect(Date.parse(String(updated_at))).to.be.at.least(Date.parse(String(created_at)));
    });

    it('take every step twice without a change', async () => {
      const collection = await sampleCollection(database());
      const twice = { id: 'cats', revision: newId('job'), passages: [['cats purr', [1, 0]]] as const };
      await prepare(database(), collection, twice);
      await ingest(database(), collection, twice);
      await ingest(database(), collection, twice);
      expect(await leftOf(collection)).to.deep.equal({ passages: 1, vectors: 1, postings: 1 });
      expect(await document(collection, 'cats')).to.include({ status: 'searchable', passages: 1 });
    });

    it('ingested again stay as they were until the new edition is published', async () => {
      const collection = await sampleCollection(database());
      await ingest(database(), collection, {
        id: 'pets',
        title: 'Old',
        passages: [
          ['cats purr', [1, 0]],
          ['cats sleep', [1, 0]],
        ],
      });
      const edition = await prepare(database(), collection, {
        id: 'pets',
        title: 'New',
        passages: [['dogs bark', [1, 0]]],
      });
      expect(await document(collection, 'pets')).to.include({
        status: 'pending',
        passages: 2,
        title: 'Old',
        job: edition.revision,
      });
      expect(await texts(collection, 'cats dogs')).to.have.members(['cats purr', 'cats sleep']);
      await database().transaction((tx) => publishDocument(tx, { ...edition, status: 'searchable' }));
      expect(await texts(collection, 'cats dogs')).to.deep.equal(['dogs bark']);
      expect(await document(collection, 'pets')).to.include({
        status: 'searchable',
        passages: 1,
        title: 'New',
        text: 'dogs bark',
      });
      expect(await leftOf(collection)).to.deep.equal({ passages: 1, vectors: 1, postings: 1 });
    });

    it('published late by an older ingest do not replace a newer one', async () => {
      const collection = await sampleCollection(database());
      const [older, newer] = [newId('job'), newId('job')];
      const late = await prepare(database(), collection, {
        id: 'pets',
        revision: older,
        passages: [['cats purr', [1, 0]]],
      });
      await ingest(database(), collection, { id: 'pets', revision: newer, passages: [['dogs bark', [1, 0]]] });
      await database().transaction((tx) => publishDocument(tx, { ...late, status: 'searchable' }));
      expect(await texts(collection, 'cats dogs')).to.deep.equal(['dogs bark']);
      expect(await document(collection, 'pets')).to.include({ status: 'searchable', job: newer });
      expect(await leftOf(collection)).to.deep.equal({ passages: 1, vectors: 1, postings: 1 });
    });

    it('that are partial show the passages that could be embedded', async () => {
      const collection = await sampleCollection(database());
      const edition = await prepare(database(), collection, {
        id: 'mixed',
        passages: [
          ['cats purr', [1, 0]],
          ['cats are poison', null],
          ['cats have other dimensions', [1, 2, 3]],
          ['cats are nothing', [0, 0]],
        ],
      });
      await database().transaction((tx) =>
        publishDocument(tx, { ...edition, status: 'partial', error: 'three of four' }),
      );
      expect(await texts(collection, 'cats')).to.deep.equal(['cats purr']);
      expect(await document(collection, 'mixed')).to.include({
        status: 'partial',
        passages: 1,
        failed_passages: 3,
        error: 'three of four',
      });
      expect(await leftOf(collection)).to.deep.equal({ passages: 1, vectors: 1, postings: 1 });
    });

    it('that failed keep the edition that was searchable, and can be tried again', async () => {
      const collection = await sampleCollection(database());
      await ingest(database(), collection, { id: 'pets', passages: [['cats purr', [1, 0]]] });
      const again = { id: 'pets', revision: newId('job'), passages: [['dogs bark', [1, 0]]] as const };
      const edition = await prepare(database(), collection, again);
      await database().transaction((tx) => publishDocument(tx, { ...edition, status: 'failed', error: 'no luck' }));
      expect(await texts(collection, 'cats dogs')).to.deep.equal(['cats purr']);
      expect(await document(collection, 'pets')).to.include({
        status: 'failed',
        error: 'no luck',
        passages: 1,
        failed_passages: 1,
      });
      await ingest(database(), collection, again);
      expect(await texts(collection, 'cats dogs')).to.deep.equal(['dogs bark']);
      expect(await document(collection, 'pets')).to.include({ status: 'searchable', error: null, failed_passages: 0 });
    });

    it('whose ingest ended without them have failed, and what they left behind goes', async () => {
      const collection = await sampleCollection(database());
      await ingest(database(), collection, { id: 'known', passages: [['cats purr', [1, 0]]] });
      const [stopped, going] = [
        sampleJob({ type: 'ingest', status: 'cancelled', finished_at: '2020-01-01T00:00:00Z' }),
        sampleJob({ type: 'ingest', status: 'running' }),
      ];
      await database().transaction((tx) => saveJobs(tx, [stopped, going]));
      for (const [id, { id: revision }] of [
        ['known', stopped],
        ['new', stopped],
        ['coming', going],
      ] as const)
        await prepare(database(), collection, { id, revision, passages: [[`dogs bark at ${id}`, [1, 0]]] });
      const failed = { status: 'failed', error: ABANDONED };
      const shown = async () => {
        for (const [id, passages] of [
          ['known', 1],
          ['new', 0],
        ] as const)
          expect(await document(collection, id), id).to.include({ ...failed, passages });
        expect(await document(collection, 'coming')).to.include({ status: 'pending', error: null });
        expect(await texts(collection, 'cats dogs')).to.deep.equal(['cats purr']);
      };
      await shown();
      expect(await leftOf(collection)).to.include({ passages: 4 });
      expect(await closeAbandoned(database(), { ageS: 60, limit: 10 })).to.equal(2);
      await shown();
      expect(await leftOf(collection)).to.deep.equal({ passages: 2, vectors: 2, postings: 2 });
      expect(await closeAbandoned(database(), { ageS: 60, limit: 10 })).to.equal(0);
    });

    it('without any passage are searchable and empty', async () => {
      const collection = await sampleCollection(database());
      const edition = await ingest(database(), collection, { id: 'blank', passages: [] });
      expect(await countPassages(database(), edition)).to.equal(0);
      expect(await document(collection, 'blank')).to.include({ status: 'searchable', passages: 0 });
      expect(await texts(collection, 'anything')).to.deep.equal([]);
    });
  });
}
