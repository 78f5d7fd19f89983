import { expect } from 'chai';
import { goalsTable } from './report/goals.ts';
import { markdown } from './report/markdown.ts';
import { partsTable } from './report/parts-table.ts';
import { Results } from './report/results.ts';
import { inWords, spreadOf } from './report/spread.ts';

describe('the bench’s report', () => {
  it('tells the median with least and most, and one value alone', () => {
    expect(inWords(spreadOf([120, 90, 131]))).to.equal('120 [90.0–131]');
    expect(inWords(spreadOf([0.5]), '×')).to.equal('0.50×');
    expect(inWords(spreadOf([]))).to.equal('–');
  });

  it('forms ratios within a round, and leaves out rounds that lack one side', () => {
    const results = new Results();
    for (const rate of [100, 400, 900]) results.add('Warren', { rate });
    for (const figures of [{ rate: 50 }, {}, { rate: 300 }]) results.add('Koa + BullMQ', figures);
    expect(results.ratio('Warren', 'Koa + BullMQ', 'rate')).to.deep.include({ min: 2, max: 3 });
    expect(results.ratio('Warren', 'nobody', 'rate')).to.equal(undefined);
  });

  it('says of each goal whether it is reached', () => {
    const results = new Results();
    results.add('Warren', { 'drain.1.rate': 1_500, 'idle.cpu': 2 });
    results.add('Koa + BullMQ', { 'drain.1.rate': 1_000 });
    const rows = goalsTable(results).split('\n');
    const row = (what: string, against: string) =>
      rows
        .find((line) => line.includes(what) && line.includes(`| ${against}`))
        ?.split('|')
        .at(-2)
        ?.trim();
    expect(row('drain/s, one worker', 'Koa + BullMQ')).to.equal('reached');
    expect(row('drain/s, one worker', 'FastAPI + Celery')).to.equal('not measured');
    expect(row('idle CPU', ' ')).to.equal('not reached');
  });

  it('tells the parts of a system apart, with a dash for what a part has no figure of', () => {
    const results = new Results();
    results.add('Warren', {
      'burst.cpu': 3,
      'burst.cpu.broker': 1,
      'burst.cpu.worker': 2,
      'idle.cpu': 0.5,
      'idle.cpu.broker': 0.5,
    });
    const cells = partsTable(results, 'Warren')
      .split('\n')
      .map((line) =>
        line
          .split('|')
          .map((cell) => cell.trim())
          .slice(1, -1),
      );
    expect(cells[0]).to.deep.equal(['Warren', 'unit', 'broker', 'worker']);
    expect(cells.slice(2)).to.deep.equal([
      ['burst', 'µs/job', '1.00', '2.00'],
      ['idle', '% of a core', '0.50', '–'],
    ]);
  });

  it('writes tables of Markdown', () => {
    expect(markdown(['a', 'bc'], [['1', '2']])).to.equal('| a   | bc  |\n|-----|-----|\n| 1   | 2   |');
  });
});
