let plant;

/** @param {{name: string, changes: {module: string, find: string, replace: string}[]}} data */
export function initialize(data) {
  plant = data;
}

export async function load(url, context, nextLoad) {
  const loaded = await nextLoad(url, context);
  const changes = plant.changes.filter(({ module }) => url.endsWith(`/dist/${module}`));
  return changes.length === 0 ? loaded : { ...loaded, source: changes.reduce(changed, String(loaded.source)) };
}

function changed(source, { module, find, replace }) {
  const parts = source.split(find);
  if (parts.length !== 2) throw new Error(`"${plant.name}": its text is ${parts.length - 1} times in ${module}`);
  return parts.join(replace);
}
