import { CollectionName } from '../../../shared/messages/inputs.ts';
import { deleteDocument, getDocument, listDocuments, type StoredDocument } from '../../../shared/store/documents.ts';
import { ingestDraft } from '../accept/draft.ts';
import {
  CollectionPath,
  DocumentPage,
  DocumentPath,
  type DocumentView,
  DocumentWithText,
  NewDocuments,
  PageQuery,
} from '../api/collection.ts';
import type { Context } from '../context.ts';
import { type Content, contentsOf } from '../documents/content.ts';
import { readFiles } from '../documents/multipart.ts';
import { type Endpoint, endpoint } from '../endpoint.ts';
import type { Gateway } from '../gateway.ts';
import { principalOf } from '../middleware/authenticate.ts';
import { readJson, refuseEncoded } from '../middleware/body.ts';
import { validate, validationFailed } from '../middleware/validate.ts';
import { pageOf } from '../page.ts';
import { Problem } from '../problem.ts';
import { collectionOf } from './collections.ts';
import { SUBMIT_ANSWERS, SUBMIT_HEADERS, SUBMIT_PROBLEMS, submit } from './submit.ts';

const common = { access: 'key', tag: 'Documents' } as const;

export const documentRoutes = (gateway: Gateway): Endpoint[] => [
  endpoint({
    ...common,
    method: 'post',
    path: '/v1/collections/:name/documents',
    summary: 'Put documents into a collection',
    description:
      'An `ingest` job. Documents are PDF, DOCX, HTML, Markdown or plain text, as JSON (`text` or `content_base64`) or as files (multipart/form-data); what each is shows in its content. One that cannot be read ends as `failed` with the reason, the others go on. A collection that does not exist is made; a document whose id exists is replaced once the new one is ready, at one moment. The same content again is neither split nor embedded: the result says `unchanged: true` of the document, and title, source and metadata become the ones sent. The result lists every document with `status` (`searchable`, `partial`, `failed`, or `superseded` by a later ingest or a deletion), its passages and its `error`.',
    headers: SUBMIT_HEADERS,
    params: CollectionPath,
    body: NewDocuments,
    readsBody: true,
    answers: SUBMIT_ANSWERS,
    problems: [...SUBMIT_PROBLEMS, 'malformed_multipart'],
    handle: async (ctx, { params: { name } }) => {
      const collection = CollectionName.safeParse(name);
      if (!collection.success) {
        throw validationFailed([{ pointer: '/name', detail: collection.error.issues[0]?.message ?? 'is not a name' }]);
      }
      const contents = await receive(ctx, gateway.limits.documentBytes);
      await submit(gateway, ctx, ingestDraft(principalOf(ctx).owner, collection.data, contents));
    },
  }),
  endpoint({
    ...common,
    method: 'get',
    path: '/v1/collections/:name/documents',
    summary: 'List the documents of a collection',
    params: CollectionPath,
    query: PageQuery,
    answers: { 200: { description: 'A page of documents, without their texts.', schema: DocumentPage } },
    problems: ['collection_not_found', 'store_unavailable'],
    handle: async (ctx, { params: { name }, query: { limit, after } }) => {
      const { id } = await collectionOf(gateway, principalOf(ctx).owner, name);
      const documents = await listDocuments(gateway.reads, { collection_id: id, limit: limit + 1, after });
      ctx.body = pageOf(documents, limit, viewOf, (document) => document.id);
    },
  }),
  endpoint({
    ...common,
    method: 'get',
    path: '/v1/collections/:name/documents/:id',
    summary: 'Read a document with its text',
    params: DocumentPath,
    answers: { 200: { description: 'The document.', schema: DocumentWithText } },
    problems: ['collection_not_found', 'document_not_found', 'store_unavailable'],
    handle: async (ctx, { params: { name, id } }) => {
      const collection = await collectionOf(gateway, principalOf(ctx).owner, name);
      const document = await getDocument(gateway.reads, { collection_id: collection.id, id });
      if (document === undefined) throw notFound(id);
      ctx.body = { ...viewOf(document), text: document.text };
    },
  }),
  endpoint({
    ...common,
    method: 'delete',
    path: '/v1/collections/:name/documents/:id',
    summary: 'Delete a document',
    description: 'It is out of the results at once. Ingests of it that were accepted before do not bring it back.',
    params: DocumentPath,
    answers: { 204: { description: 'It is gone.' } },
    problems: ['collection_not_found', 'document_not_found', 'store_unavailable'],
    handle: async (ctx, { params: { name, id } }) => {
      const collection = await collectionOf(gateway, principalOf(ctx).owner, name);
      if (!(await deleteDocument(gateway.db, { collection_id: collection.id, id }))) throw notFound(id);
      ctx.status = 204;
    },
  }),
];

async function receive(ctx: Context, limit: number): Promise<Content[]> {
  refuseEncoded(ctx);
  if (ctx.is('multipart/form-data')) return await readFiles(ctx.req, limit);
  return contentsOf(validate(NewDocuments, await readJson(ctx, limit)).documents);
}

const notFound = (id: string) => new Problem('document_not_found', `there is no document "${id.slice(0, 200)}"`);

function viewOf(document: StoredDocument): DocumentView {
  const {
    id,
    title,
    source,
    mime_type,
    metadata,
    bytes,
    status,
    error,
    passages,
    failed_passages,
    job,
    created_at,
    updated_at,
  } = document;
  return {
    object: 'document',
    id,
    title,
    ...(source === null ? {} : { source }),
    mime_type,
    metadata: { ...metadata },
    bytes,
    status,
    ...(error === null ? {} : { error }),
    passages,
    failed_passages,
    job,
    created_at,
    updated_at,
  };
}
