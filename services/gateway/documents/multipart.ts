import type { IncomingMessage } from 'node:http';
import { basename } from 'node:path';
import busboy from 'busboy';
import { z } from 'zod';
import { validate, validationFailed } from '../middleware/validate.ts';
import { Problem } from '../problem.ts';
import { type Content, readableType } from './content.ts';

const MAX_FILES = 1000;
const MAX_FIELDS = 10;
const MAX_FIELD_BYTES = 64 * 1024;

const Metadata = z.strictObject({ metadata: z.record(z.string(), z.unknown()).optional() });

interface File {
  readonly name: string;
  readonly type: string;
  readonly pieces: Buffer[];
}

/**
 * The files of a multipart/form-data body as documents; a field `metadata` (JSON) goes to each of them. Never holds
 * more than `limit` bytes.
 * @throws {Problem} malformed_multipart, payload_too_large, unsupported_media_type, validation_failed
 */
export async function readFiles(request: IncomingMessage, limit: number): Promise<Content[]> {
  const { files, fields } = await parts(request, limit);
  const unknown = [...fields.keys()].filter((name) => name !== 'metadata');
  if (unknown.length > 0)
    throw validationFailed(unknown.map((name) => ({ pointer: `/${name}`, detail: 'is not a field here' })));
  if (files.length === 0) throw validationFailed([{ pointer: '', detail: 'holds no file' }]);
  const { metadata } = validate(Metadata, { metadata: jsonOf(fields.get('metadata')) });
  return files.map((file) => ({ ...contentOf(file), ...(metadata === undefined ? {} : { metadata }) }));
}

function jsonOf(field: string | undefined): unknown {
  if (field === undefined) return undefined;
  try {
    return JSON.parse(field);
  } catch (error) {
    throw validationFailed([{ pointer: '/metadata', detail: `is not JSON: ${(error as Error).message}` }]);
  }
}

/** Browsers and curl know few extensions and call the rest text/plain or octet-stream: the name knows better. */
function contentOf({ name, type, pieces }: File): Content {
  const declared = type === 'text/plain' ? undefined : type;
  const mimeType = readableType(declared, [name], `"${name}"`);
  return { title: name, source: name, bytes: Buffer.concat(pieces), mimeType };
}

interface Parts {
  readonly files: File[];
  readonly fields: Map<string, string>;
}

async function parts(request: IncomingMessage, limit: number): Promise<Parts> {
  const tooLarge = new Problem('payload_too_large', `the files may have ${limit} bytes at most`);
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge;
  const parser = openParser(request);
  const found: Parts = { files: [], fields: new Map() };
  let size = 0;
  return await new Promise<Parts>((resolve, reject) => {
    const fail = (problem: Problem) => {
      request.unpipe(parser);
      request.resume();
      reject(problem);
    };
    parser.on('file', (_field, stream, { filename, mimeType }) => {
      const file: File = { name: basename(filename ?? '') || 'untitled', type: mimeType, pieces: [] };
      found.files.push(file);
      stream.on('data', (piece: Buffer) => {
        size += piece.length;
        if (size > limit) fail(tooLarge);
        else file.pieces.push(piece);
      });
      stream.on('error', () => undefined); // told by the parser too
    });
    parser.on('field', (name, value, { valueTruncated }) => {
      if (valueTruncated)
        fail(new Problem('payload_too_large', `the field "${name}" may have ${MAX_FIELD_BYTES} bytes at most`));
      found.fields.set(name, value);
    });
    parser.on('filesLimit', () => fail(new Problem('payload_too_large', `at most ${MAX_FILES} files`)));
    parser.on('error', (error) => fail(malformed(error)));
    parser.on('close', () => resolve(found));
    request.on('close', () => {
      if (!request.complete) fail(new Problem('malformed_multipart', 'the request ended in mid-body'));
    });
    request.pipe(parser);
  });
}

function openParser(request: IncomingMessage): busboy.Busboy {
  try {
    const limits = { files: MAX_FILES, fields: MAX_FIELDS, fieldSize: MAX_FIELD_BYTES };
    return busboy({ headers: request.headers, defParamCharset: 'utf8', limits });
  } catch (error) {
    throw malformed(error);
  }
}

const malformed = (error: unknown): Problem =>
  new Problem('malformed_multipart', `the body is not multipart/form-data: ${(error as Error).message}`, {
    cause: error,
  });
