/** Between two nodes; a comma within a password is none. */
const BETWEEN = /\s*,\s*(?=amqps?:\/\/)/;

/** The nodes of a broker, as AMQP_URL names them: one URL each, separated by commas. */
export const amqpAddresses = (urls: string): string[] => urls.trim().split(BETWEEN);

/** The first of them: all have the same login and virtual host. */
export const firstAddress = (urls: string): URL => new URL(amqpAddresses(urls)[0] ?? urls);

/** What is wrong with an AMQP_URL; undefined when nothing is. */
export function amqpProblem(urls: string): string | undefined {
  const nodes = amqpAddresses(urls).map((url) => (URL.canParse(url) ? new URL(url) : undefined));
  for (const node of nodes) {
    if (node === undefined || !/^amqps?:$/.test(node.protocol)) return 'must begin with amqp:// or amqps://';
    if (node.host.includes(',')) return 'must name each node of a cluster by a whole URL: amqp://a:5672,amqp://b:5672';
  }
  const hosts = new Set(nodes.map((node) => node?.pathname.replace(/^\/$/, '')));
  return hosts.size > 1 ? 'must name the same virtual host in every URL' : undefined;
}
