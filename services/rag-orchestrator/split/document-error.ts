/** A document cannot be read. Its message is shown to whoever sent the document; trying again cannot help. */
export class DocumentError extends Error {
  override readonly name = 'DocumentError';
}
