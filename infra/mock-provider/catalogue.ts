/** Models that lists show. Any other name that says something is a model, too. */
export const CATALOGUE = [
  'mock',
  'mock-ttft500-itl20-len400',
  'mock-ctx2048',
  'mock-embed-d384',
  'mock-embed-d768-ttft20-itl1',
  'mock-rerank',
  'mock-fault-429-retry2-times1',
  'mock-fault-503',
  'mock-fault-truncated-after5',
] as const;

/** The model of requests that name none, as TEI's. */
export const DEFAULT_MODEL = 'mock-embed-d384';
