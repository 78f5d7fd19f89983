/** Every refusal there is: its HTTP status and title. The code is part of the contract. */
export const PROBLEMS = {
  malformed_json: [400, 'The body is not JSON'],
  malformed_multipart: [400, 'The body is not valid multipart/form-data'],
  malformed_request: [400, 'The request cannot be read'],
  idempotency_key_invalid: [400, 'The Idempotency-Key cannot be used'],
  unauthenticated: [401, 'A valid API key is needed'],
  forbidden: [403, 'This key may not do that'],
  not_found: [404, 'There is no such route'],
  job_not_found: [404, 'There is no such job'],
  collection_not_found: [404, 'There is no such collection'],
  document_not_found: [404, 'There is no such document'],
  dead_letter_not_found: [404, 'There is no such dead letter'],
  method_not_allowed: [405, 'The route does not know this method'],
  request_timeout: [408, 'The request took too long'],
  collection_exists: [409, 'A collection of this name exists'],
  job_terminal: [409, 'The job has ended'],
  model_unchanged: [409, 'The collection has this model already'],
  reembed_under_way: [409, 'The collection is being re-embedded'],
  nothing_to_roll_back_to: [409, 'No former vectors are kept'],
  payload_too_large: [413, 'The body is too large'],
  unsupported_media_type: [415, 'This kind of content is not understood'],
  expectation_failed: [417, 'The expectation cannot be met'],
  upgrade_required: [426, 'This is a WebSocket'],
  validation_failed: [422, 'The request does not fit its schema'],
  idempotency_key_reused: [422, 'The Idempotency-Key was used for another request'],
  headers_too_large: [431, 'The headers are too large'],
  search_failed: [502, 'The search failed'],
  rate_limited: [429, 'Too many at once'],
  internal: [500, 'Something went wrong on our side'],
  broker_unavailable: [503, 'The broker cannot be reached'],
  store_unavailable: [503, 'The database cannot be reached'],
  overloaded: [503, 'Too much is waiting already'],
  draining: [503, 'This gateway is shutting down'],
  wait_timeout: [504, 'The job did not end in time'],
} as const satisfies Record<string, readonly [status: number, title: string]>;

export type ProblemCode = keyof typeof PROBLEMS;

/** One thing wrong with a request; `pointer` is a JSON pointer to it. */
export interface Fault {
  readonly pointer: string;
  readonly detail: string;
}

interface More {
  readonly errors?: readonly Fault[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

const RETRY_AFTER_S = 1;

/** A refusal with a reason a client can act on. Thrown anywhere, shown as RFC 9457 problem details. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: ProblemCode;
  readonly status: number;
  readonly title: string;
  readonly errors: readonly Fault[] | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ProblemCode, detail: string, { errors, headers, cause }: More = {}) {
    super(detail, { cause });
    const [status, title] = PROBLEMS[code];
    this.code = code;
    this.status = status;
    this.title = title;
    this.errors = errors;
    this.headers = { ...standardHeaders(status), ...headers };
  }

  /** The body of the answer. */
  toJson(requestId: string): Record<string, unknown> {
    return {
      type: `urn:warren:problem:${this.code}`,
      title: this.title,
      status: this.status,
      detail: this.message,
      code: this.code,
      request_id: requestId,
      ...(this.errors === undefined ? {} : { errors: this.errors }),
    };
  }
}

function standardHeaders(status: number): Record<string, string> {
  if (status === 429 || status === 503) return { 'Retry-After': String(RETRY_AFTER_S) };
  if (status === 401) return { 'WWW-Authenticate': 'Bearer' };
  return {};
}
