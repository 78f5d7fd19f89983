import { expect } from 'chai';
import type { Delivery } from '../../shared/bus/delivery.ts';
import { OrderedAcks } from '../../shared/bus/ordered-acks.ts';

describe('acks in order', () => {
  const acked: string[] = [];
  beforeEach(() => acked.splice(0));

  const delivery = (name: string, isLost = false): Delivery => ({
    message: {} as Delivery['message'],
    ack: (upTo) => acked.push(upTo === true ? name : `${name} alone`),
    requeue: () => {},
    lost: () => isLost,
  });
  const open = () => {
    let end = (_done: boolean) => {};
    const done = new Promise<boolean>((resolve) => {
      end = resolve;
    });
    return { done, end };
  };

  it('ack nothing before what came earlier is done', async () => {
    const acks = new OrderedAcks();
    const [first, second] = [open(), open()];
    acks.add(delivery('first'), first.done);
    acks.add(delivery('second'), second.done);
    second.end(true);
    await second.done;
    expect(acked).to.deep.equal([]);
    first.end(true);
    await acks.room(1);
    expect(acked).to.deep.equal(['first', 'second']);
  });

  it('ack nothing behind what was given up while its channel lives: an ack would take it along', async () => {
    const acks = new OrderedAcks();
    acks.add(delivery('given up'), Promise.resolve(false));
    acks.add(delivery('behind'), Promise.resolve(true));
    await acks.room(1);
    expect(acked).to.deep.equal([]);
  });

  it('go on with the next channel when one has gone', async () => {
    const acks = new OrderedAcks();
    acks.add(delivery('gone', true), Promise.resolve(false));
    acks.add(delivery('new'), Promise.resolve(true));
    await acks.room(1);
    expect(acked).to.deep.equal(['new']);
  });

  it('have room for so many', async () => {
    const acks = new OrderedAcks();
    const first = open();
    acks.add(delivery('first'), first.done);
    await acks.room(2);
    let hasRoom = false;
    const room = acks.room(1).then(() => {
      hasRoom = true;
    });
    await Promise.resolve();
    expect(hasRoom).to.equal(false);
    first.end(true);
    await room;
    expect(acked).to.deep.equal(['first']);
  });
});
