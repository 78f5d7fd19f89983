import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { UsageError } from '../../infra/cli/errors.ts';
import { documentsOf, readCorpus } from '../../infra/eval/dataset/corpus.ts';
import { readQuestions } from '../../infra/eval/dataset/questions.ts';
import { rejected } from '../support/rejected.ts';

describe('a corpus', () => {
  it('joins the rows of a section in order of their ids, by number', () => {
    const rows = ['a.10', 'a.2', 'a.1'].map((_id) => ({ _id, section: 'a', text: `text of ${_id}` }));
    expect(documentsOf(rows)).to.deep.equal([{ id: 'a', text: 'text of a.1\n\ntext of a.2\n\ntext of a.10' }]);
  });

  it('takes a row without section as a document, with its title', () => {
    expect(documentsOf([{ _id: 'x', title: 'The X', text: 'is' }])).to.deep.equal([
      { id: 'x', title: 'The X', text: 'is' },
    ]);
  });
});

describe('the files of an evaluation', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'warren-eval-'));
  });
  after(() => rm(folder, { recursive: true }));
  const file = async (name: string, ...lines: string[]) => {
    await writeFile(join(folder, name), lines.join('\n'));
    return join(folder, name);
  };

  it('leave out questions that nobody judged', async () => {
    const queries = await file(
      'q',
      '{"_id":"1","text":"one?"}',
      '',
      '{"_id":"2","text":"two?"}',
      '{"_id":"3","text":"3?"}',
    );
    const qrels = await file(
      'r',
      '{"query":"1","section":"a"}',
      '{"query-id":"1","corpus-id":"b","score":"2"}',
      '{"query":"3","document":"a","score":0}',
    );
    const questions = await readQuestions(queries, qrels);
    expect(questions).to.have.length(1);
    expect([...(questions[0]?.judgements ?? [])]).to.deep.equal([
      ['a', 1],
      ['b', 2],
    ]);
  });

  it('are faulted by file and line', async () => {
    const questions = async (query: string, judgement: string) =>
      readQuestions(await file('q', query), await file('r', judgement));
    const corpus = async (...rows: string[]) => readCorpus(await file('c', ...rows));
    const cases: [() => Promise<unknown>, RegExp][] = [
      [() => readCorpus(join(folder, 'none')), /cannot read .*none: there is no such file/],
      [() => corpus('{"_id":"a","text":"x"}', '{"_id":'), /c:2 is no JSON/],
      [() => corpus('{"_id":"a"}'), /c:1: .*text/],
      [() => corpus(''), /c is empty/],
      [() => questions('{"_id":"1","text":"x"}', '{"query":"1"}'), /r:1: .*section/],
      [() => questions('{"_id":"1","text":"x"}', '{"query":"2","section":"a"}'), /no relevant document/],
    ];
    for (const [read, words] of cases) expect((await rejected(read(), UsageError)).message).to.match(words);
  });
});
