import { expect } from 'chai';
import { nextStep, RequestQueue, request } from '../../../services/embedder/models/local/queue.ts';

describe('the requests of the local model', () => {
  it('come in order, queries first', () => {
    const queue = new RequestQueue();
    for (const [id, role] of [
      [1, 'document'],
      [2, 'document'],
      [3, 'query'],
      [4, 'query'],
    ] as const) {
      queue.add(request(id, role, ['x']));
    }
    const order: number[] = [];
    for (let next = queue.next(); next !== undefined; next = queue.next()) {
      order.push(next.id);
      queue.remove(next.id);
    }
    expect(order).to.deep.equal([3, 4, 1, 2]);
  });

  it('are split in short steps before the model sees them', () => {
    const many = request(
      1,
      'document',
      Array.from({ length: 40 }, (_, n) => `text ${n}`),
    );
    const sizes: number[] = [];
    for (let step = nextStep(many); 'split' in step; step = nextStep(many)) {
      sizes.push(step.split.length);
      many.encoded.push(...step.split.map(() => [101, 102]));
    }
    expect(sizes).to.deep.equal([32, 8]);
  });

  it('are worked on until nothing of them is left', () => {
    const one = request(1, 'document', ['a', 'b']);
    one.encoded.push(
      [101, 102],
      Array.from({ length: 200 }, () => 5),
    );
    expect([nextStep(one), nextStep(one)]).to.deep.equal([{ embed: [0] }, { embed: [1] }]);
    expect(one.left).to.deep.equal([]);
  });
});
