import { expect } from 'chai';
import { DeltaPace } from '../../../services/generator/delta-pace.ts';
import { ToldText } from '../../../services/generator/told-text.ts';

describe('the pace of deltas', () => {
  it('is thirty a second for few texts, and a thousand a second for all of many', () => {
    const pace = new DeltaPace();
    const leave = Array.from({ length: 20 }, () => pace.enter());
    expect(pace.intervalMs).to.equal(34);
    leave.push(...Array.from({ length: 180 }, () => pace.enter()));
    expect(pace.intervalMs).to.equal(200);
    for (const each of leave.slice(0, 150)) each();
    expect(pace.intervalMs).to.equal(50);
  });

  it('forgets a text once, however often it is closed', () => {
    const pace = new DeltaPace();
    for (let n = 0; n < 50; n += 1) pace.enter();
    const text = new ToldText(pace, async () => {});
    expect(pace.intervalMs).to.equal(51);
    text.close();
    text.close();
    expect(pace.intervalMs).to.equal(50);
  });

  it('joins what one of many texts says, and loses nothing of it', async () => {
    const pace = new DeltaPace();
    for (let n = 0; n < 200; n += 1) pace.enter();
    const told: string[] = [];
    const text = new ToldText(pace, async (delta) => void told.push(delta.text));
    for (let n = 0; n < 100; n += 1) await text.add(`${n} `);
    const whole = await text.end();
    text.close();
    expect(told.join('')).to.equal(whole);
    expect(whole.split(' ')).to.have.length(101);
    expect(told[0]).to.equal('0');
    expect(told.length).to.be.below(10);
  });
});
