/** How many inputs each suite here tries; `FUZZ_RUNS=20000` makes an evening of it. */
export const FUZZ_RUNS = Number(process.env.FUZZ_RUNS ?? 400);

/** Time for one input, on a busy machine. */
const INPUT_MS = 250;
export const FUZZ_TIMEOUT_MS = 60_000 + FUZZ_RUNS * INPUT_MS;

/** Says what was tried: a run that tried nothing must be seen. */
export const report = (what: string, counts: Readonly<Record<string, number>>): void =>
  console.log(
    `      ${what}: ${Object.entries(counts)
      .sort()
      .map(([name, count]) => `${count} × ${name}`)
      .join(', ')}`,
  );
