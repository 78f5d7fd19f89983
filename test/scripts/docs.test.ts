import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { expect } from 'chai';
import { EXCHANGES, topology } from '../../shared/bus/topology.ts';
import { Settings } from '../../shared/config/settings.ts';
import { COMMANDS } from '../../shared/messages/command.ts';
import { metrics } from '../../shared/metrics/metrics.ts';
import { PROMISES } from '../chaos/check/violation.ts';
import { NEMESES } from '../chaos/nemeses/all.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];

/** The anchors of a page, as GitHub makes them from its headings. */
const anchors = (page: string): string[] =>
  [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );

/** Links of a page that point into the repository, as [file, anchor]. */
const links = (page: string): [string, string | undefined][] =>
  [...read(page).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)].map(([, path = '', anchor]) => [
    path === '' ? page : join(dirname(page), path),
    anchor,
  ]);

describe('the documentation', () => {
  for (const page of PAGES)
    it(`${page} links only to what is there`, () => {
      for (const [target, anchor] of links(page)) {
        expect(existsSync(join(ROOT, target)), `${target} is missing`).to.equal(true);
        if (anchor !== undefined) expect(anchors(target), `#${anchor} in ${target}`).to.include(anchor);
      }
    });

  it('every decision is in the list of decisions', () => {
    const listed = links('docs/decisions/README.md').map(([path]) => path);
    const written = PAGES.filter((page) => /decisions\/\d/.test(page));
    expect(written).to.not.equal([]);
    expect(listed).to.have.members(written);
  });

  it('npm scripts it names exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    for (const page of PAGES)
      for (const [, name = ''] of read(page).matchAll(/npm run ([\w-]+)/g))
        expect(scripts, page).to.have.property(name);
  });

  it('tests that it names as proof exist', () => {
    const named = PAGES.flatMap((page) => [...read(page).matchAll(/`(test\/[\w./-]+)`/g)].map(([, path = '']) => path));
    expect(named).to.include('test/chaos/round.test.ts');
    for (const path of named) expect(existsSync(join(ROOT, path)), path).to.equal(true);
  });

  it('the README has every setting, and no other', () => {
    const known = Object.keys(Settings.shape);
    const table = read('README.md').split('## Settings')[1]?.split('\n## ')[0] ?? '';
    const rows = table.split('\n').filter((line) => line.startsWith('| `'));
    const told = rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([A-Z_]+)`/g)].map(([, name]) => name));
    expect(told).to.have.members(known);
  });

  it('operating.md names every exchange and every queue', () => {
    const text = read('docs/operating.md');
    const { exchanges, queues } = topology(1);
    const names = [...exchanges, ...queues].map(({ name }) =>
      name
        .replace(/^journal\.0$/, 'journal.<p>')
        .replace('.default.high', '.<pool>.high')
        .replace(/^[\w-]+\.default\.(normal|low)$/, '.$1')
        .replace(/^retry\.(5|15|60)$/, 'retry.1'),
    );
    expect(names).to.include(EXCHANGES.push);
    for (const name of names) expect(text).to.contain(`\`${name}\``);
  });

  it('reliability.md names every nemesis and every promise', () => {
    const text = read('docs/reliability.md');
    const rows = text.split('\n').filter((line) => line.startsWith('| `'));
    const told = rows.flatMap((row) =>
      [...(row.split('|')[1] ?? '').matchAll(/`([a-z -]+)`/g)].map(([, name]) => name),
    );
    expect(told).to.have.members([...NEMESES.map(({ name }) => name), ...Object.keys(PROMISES)]);
  });

  it('names only metrics that exist', async () => {
    const known = await Promise.all(Object.values(metrics).map(async (metric) => (await metric.get()).name));
    for (const page of PAGES)
      for (const [name] of read(page).matchAll(/warren_[a-z_]+/g)) expect(known, page).to.include(name);
  });

  it('tells the retries as they are', () => {
    const text = read('docs/ARCHITECTURE.md');
    for (const [command, { retries }] of Object.entries(COMMANDS))
      expect(text).to.contain(`| \`${command}\` | ${retries} |`);
  });

  it('speaks of no machine but the reader’s own', () => {
    for (const page of PAGES) expect(read(page), page).to.not.match(/\/work\/|\/home\/\w|\/root\//);
  });
});
