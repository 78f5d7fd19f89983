/** What stands below the options in the command's help. */
export const HELP = `
Brings the corpus into a collection, asks every question by POST /v1/search in each mode, and scores the documents
that come: recall, MRR and nDCG (gain = judgement) with 95 % intervals by bootstrap over the questions, the paired
differences between the modes, and what a client waits. Several passages of a document count once, at the best rank.

The Warren is --url, else WARREN_URL, else that which runs on DATA_DIR (.data); when none does, one is started there and
stopped at the end. The key is --key, else WARREN_API_KEY. The collection stays: run again, and what it has is not
embedded again. Ctrl-C stops in order.

Files hold one JSON object a line:
  corpus   {"_id", "text", "section"?, "title"?}    rows of one section are one document, its id the section, its text
                                                    theirs in order of _id, parted by blank lines; a row without a
                                                    section is a document by itself, its id the _id
  queries  {"_id", "text"}
  qrels    {"query", "section", "score"?}           a document that answers the query (score 1); also query-id and
                                                    document or corpus-id. Queries without any are not asked.

Examples:
  npm run eval -- --corpus corpus.jsonl --queries queries.jsonl --qrels qrels.jsonl --json before.json
  npm run eval -- --corpus corpus.jsonl --queries queries.jsonl --qrels qrels.jsonl --baseline before.json
  npm run eval -- … --collection handbook --modes hybrid,text --answers

--baseline fails when a measure of a mode is lower than before and the 95 % interval of the paired difference lies
below 0.

Exit codes: 0 done · 1 a document or job failed, or a significant drop · 2 wrong use · 3 no gateway answers ·
4 not found · 5 not authorised · 130 Ctrl-C`;
