import { expect } from 'chai';
import { NEMESES } from './nemeses/all.ts';
import { drawPlan, nominalMs } from './plan.ts';
import { layoutOf } from './system/layout.ts';
import { Workload } from './workload.ts';

const layout = layoutOf(2);
const plan = (seed: string, minutes = 10) => drawPlan({ seed, minutes, nemeses: NEMESES, layout });

describe('the plan of a chaos run', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(plan('7')).to.deep.equal(plan('7'));
    expect(plan('7')).to.not.deep.equal(plan('8'));
  });

  it('deals every nemesis before any comes again, and every target of one', () => {
    const strikes = plan('7', 120).flatMap((round) => round.strikes);
    const possible = NEMESES.filter(({ targets }) => targets(layout).length > 0);
    const first = strikes.slice(0, possible.length).map(({ nemesis }) => nemesis);
    expect(first).to.have.members(possible.map(({ name }) => name));
    const killed = strikes.flatMap(({ nemesis, target }) => (nemesis === 'kill' ? [target] : []));
    expect(new Set(killed.slice(0, 8)).size).to.equal(8);
  });

  it('lasts as long as was asked for', () => {
    const ms = plan('7').reduce((sum, round) => sum + nominalMs(round), 0);
    expect(ms).to.be.within(10 * 60_000, 12 * 60_000);
  });

  for (const [kind, layout] of [
    ['a broker of one node', layoutOf(2)],
    ['a cluster', layoutOf(2, 3)],
  ] as const)
    it(`hits only what there is beside ${kind}`, () => {
      const rounds = drawPlan({ seed: '7', minutes: 120, nemeses: NEMESES, layout });
      for (const { nemesis, target } of rounds.flatMap(({ strikes }) => strikes)) {
        const targets = NEMESES.find(({ name }) => name === nemesis)?.targets(layout);
        expect(targets, nemesis).to.include(target);
      }
    });
});

describe('the workload of a chaos run', () => {
  const wishes = (seed: string, client: string, count = 400) => {
    const workload = new Workload(seed, client);
    return Array.from({ length: count }, () => workload.next());
  };

  it('is the same for the same seed and client', () => {
    expect(wishes('7', 'http-1')).to.deep.equal(wishes('7', 'http-1'));
    expect(wishes('7', 'http-1')).to.not.deep.equal(wishes('7', 'http-2'));
  });

  it('has all types of jobs, priorities, keys, cancels, deadlines, schedules and jobs that are bound to fail', () => {
    const all = wishes('7', 'http-1');
    const kinds = <Key extends string>(of: (wish: (typeof all)[number]) => Key | undefined) => new Set(all.map(of));
    expect([...kinds(({ submission }) => submission.type)]).to.have.members([
      'ask',
      'embed',
      'generate',
      'ingest',
      'search',
    ]);
    expect([...kinds(({ submission }) => String(submission.priority))]).to.have.members(['high', 'normal', 'low']);
    expect(new Set(all.flatMap(({ excuses }) => excuses))).to.have.keys(['cancelled', 'deadline', 'doomed']);
    for (const part of ['key', 'runInMs', 'cancelAfterMs'] as const)
      expect(all.filter((wish) => wish[part] !== undefined).length, part).to.be.within(10, 390);
    expect(all.filter(({ again }) => again).length).to.be.above(10);
  });
});
