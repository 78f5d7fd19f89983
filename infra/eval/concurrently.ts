/** Does something for each item, `width` at a time; results in the order of the items. The first failure ends it. */
export async function concurrently<Item, Result>(
  items: readonly Item[],
  width: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const entries = items.entries(); // shared: each taker goes on where the others are
  let failed = false;
  const takeAll = async () => {
    for (const [index, item] of entries) {
      if (failed) return;
      results[index] = await work(item);
    }
  };
  await Promise.all(
    Array.from({ length: width }, () =>
      takeAll().catch((error: unknown) => {
        failed = true;
        throw error;
      }),
    ),
  );
  return results;
}
