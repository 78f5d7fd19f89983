import { freePorts } from '../../../infra/start/broker/ports.ts';
import { type Proxy as Link, startProxy } from '../../support/proxy.ts';
import { type Layout, linksTo, type Remote } from './layout.ts';

/** A proxy for each link of the layout, by its name; and the ports on which the gateways are to listen behind theirs. */
interface Links {
  readonly links: ReadonlyMap<string, Link>;
  readonly ports: ReadonlyMap<string, number>;
}

/** @param behind where the remote ends of the links are */
export async function openLinks(layout: Layout, behind: Readonly<Record<string, string>>): Promise<Links> {
  const { gateway } = layout.replicas;
  const free = await freePorts(gateway.map(() => undefined));
  const ports = new Map(gateway.map((name, n) => [name, free[n] ?? 0]));
  const targets: Readonly<Record<string, string>> = {
    ...behind,
    ...Object.fromEntries([...ports].map(([name, port]) => [name, `http://127.0.0.1:${port}`])),
  };
  const opened = await Promise.all(
    layout.links.map(async (name) => [name, await startProxy(targets[name.split('~')[1] ?? ''] ?? '')] as const),
  );
  return { links: new Map(opened), ports };
}

export const closeLinks = async (links: Links['links']): Promise<void> => {
  await Promise.all([...links.values()].map((link) => link.close()));
};

/** Names of the links from this replica to that remote end: none, one, or one for each of its nodes. */
export const linksBetween = (layout: Layout, name: string, remote: Remote): string[] =>
  linksTo(layout, remote).filter((link) => link.startsWith(`${name}~`));
