const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** The journal of a job: always the same one for the same number of partitions. */
export function partitionOf(job: string, partitions: number): number {
  let hash = FNV_OFFSET;
  for (let at = 0; at < job.length; at += 1) hash = Math.imul(hash ^ job.charCodeAt(at), FNV_PRIME);
  return (hash >>> 0) % partitions;
}
