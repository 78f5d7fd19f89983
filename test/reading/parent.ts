/** Reads a document that takes long, says that it has begun, and waits to be killed. */
import pino from 'pino';
import { READING_LIMITS } from '../../services/rag-orchestrator/reading/limits.ts';
import { Readers } from '../../services/rag-orchestrator/reading/readers.ts';

const readers = new Readers(READING_LIMITS, pino({ level: 'silent' }));
const { signal } = new AbortController();
const split = { size: 160, overlap: 0 };
await readers.read({ content: 'short', mimeType: 'text/plain', split }, signal);
const long = 'One sentence after the other, and no end to be seen. '.repeat(180_000);
const reading = readers.read({ content: long, mimeType: 'text/plain', split }, signal);
console.log('reading');
await reading;
