import { expect } from 'chai';
import fc from 'fast-check';
import { planCall, type Waiting } from '../../../services/embedder/gather-plan.ts';

const LIMITS = { texts: 4, chars: 100 };

const waiting = (id: number, more: Partial<Waiting> = {}): Waiting => ({
  id,
  role: 'document',
  priority: 'normal',
  alone: false,
  chars: [10],
  next: 0,
  ...more,
});

describe('the plan of a call', () => {
  it('is none when nothing waits', () => {
    expect(planCall([], LIMITS)).to.equal(undefined);
  });

  it('takes messages by priority, then as they came', () => {
    const call = planCall([waiting(1, { priority: 'low' }), waiting(2), waiting(3), waiting(4)], LIMITS);
    expect(call?.picks.map(({ id }) => id)).to.deep.equal([2, 3, 4, 1]);
    expect(call?.full).to.equal(true);
  });

  it('mixes no queries with documents', () => {
    const call = planCall([waiting(1), waiting(2, { role: 'query' }), waiting(3)], LIMITS);
    expect(call).to.deep.equal({
      role: 'document',
      picks: [
        { id: 1, from: 0, to: 1 },
        { id: 3, from: 0, to: 1 },
      ],
      full: false,
    });
  });

  it('cuts a message at the limits', () => {
    const call = planCall([waiting(1, { chars: [40, 40, 40], next: 0 }), waiting(2)], LIMITS);
    expect(call).to.deep.equal({ role: 'document', picks: [{ id: 1, from: 0, to: 2 }], full: true });
  });

  it('lets a text beyond the limit go alone', () => {
    expect(planCall([waiting(1, { chars: [500, 1] })], LIMITS)?.picks).to.deep.equal([{ id: 1, from: 0, to: 1 }]);
  });

  it('gives a call of its own to whoever travels alone', () => {
    const alone = waiting(1, { alone: true });
    expect(planCall([alone, waiting(2)], LIMITS)?.picks).to.deep.equal([{ id: 1, from: 0, to: 1 }]);
    expect(planCall([waiting(2), alone], LIMITS)?.picks).to.deep.equal([{ id: 2, from: 0, to: 1 }]);
  });

  it('sends every text once, within the limits', () => {
    const message = fc.record({
      role: fc.constantFrom('query' as const, 'document' as const),
      priority: fc.constantFrom('high' as const, 'normal' as const, 'low' as const),
      alone: fc.boolean(),
      chars: fc.array(fc.integer({ min: 0, max: 150 }), { minLength: 1, maxLength: 9 }),
    });
    fc.assert(
      fc.property(fc.array(message, { maxLength: 12 }), (messages) => {
        let left: Waiting[] = messages.map((each, id) => ({ ...each, id, next: 0 }));
        while (left.length > 0) {
          const call = planCall(left, LIMITS);
          expect(call?.picks).to.not.be.oneOf([undefined, []]);
          const sizes = (call?.picks ?? []).flatMap(({ id, from, to }) => messages[id]?.chars.slice(from, to) ?? []);
          expect(sizes).to.have.lengthOf.within(1, LIMITS.texts);
          if (sizes.length > 1) expect(sizes.reduce((a, b) => a + b, 0)).to.be.at.most(LIMITS.chars);
          for (const { id, from, to } of call?.picks ?? []) {
            expect(left.find((each) => each.id === id)).to.include({ next: from, role: call?.role });
            left = left.map((each) => (each.id === id ? { ...each, next: to } : each));
          }
          left = left.filter(({ next, chars }) => next < chars.length);
        }
      }),
    );
  });
});
