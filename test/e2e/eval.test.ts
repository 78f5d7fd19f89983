import { join } from 'node:path';
import { expect } from 'chai';
import { runEval } from '../../infra/eval/command.ts';
import type { Report } from '../../infra/eval/report.ts';
import { terminalDouble } from '../cli/terminal-double.ts';
import { ANN } from '../support/warren.ts';
import { system } from './system.ts';

const FOLDER = join(import.meta.dirname, '..', 'eval', 'set');

/**
 * Short texts and questions written for this test. `baseline.json` is what retrieval could do when it was last made
 * better; who makes it better again replaces it, by the command in docs/retrieval.md.
 */
describe('retrieval as it is measured by npm run eval', function () {
  this.timeout(180_000);
  let report: Report;
  let code: number;
  let said: string;

  before(async () => {
    const { warren } = await system();
    const terminal = terminalDouble();
    const files = ['--corpus', 'corpus.jsonl', '--queries', 'queries.jsonl', '--qrels', 'qrels.jsonl'];
    code = await runEval(
      [...files, '--baseline', 'baseline.json', '--json', '-'],
      { terminal, env: {}, folder: FOLDER },
      async () => ({ url: warren.url, key: ANN, release: async () => {}, abandon: () => {} }),
    );
    said = terminal.stderr();
    report = JSON.parse(terminal.stdout()) as Report;
  });

  it('has not become worse', () => {
    expect(said).to.equal('');
    expect(code).to.equal(0);
  });

  it('finds more by meaning and words together than by either', () => {
    const { hybrid, vector, text } = report.modes;
    expect(hybrid?.ndcg.mean).to.be.greaterThan(vector?.ndcg.mean ?? 1);
    expect(vector?.ndcg.mean).to.be.greaterThan(text?.ndcg.mean ?? 1);
    expect(hybrid?.recall.mean).to.be.at.least(0.95);
  });
});
