import { expect } from 'chai';
import { collectionDefaults } from '../../shared/config/collection-defaults.ts';
import { ConfigError, parseConfig } from '../../shared/config/config.ts';
import { embeddingProfile, nameAt } from '../../shared/profiles/embedding-profile.ts';

const problems = (service: string, env: Record<string, string>): string => {
  try {
    parseConfig(service, { AMQP_URL: 'amqp://x', ...env });
    return '';
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message;
  }
};

describe('settings of providers', () => {
  const GOOD: readonly [string, Record<string, string>][] = [
    ['embedder', {}],
    ['generator', {}],
    ['embedder', { EMBEDDER: 'ollama,local', EMBEDDING_MODEL: 'all-minilm' }],
    [
      'embedder',
      { EMBEDDER: 'huggingface', EMBEDDING_URL: 'http://tei', RANKER: 'huggingface', RANKING_URL: 'http://tei2' },
    ],
    ['embedder', { RANKER: 'openai', RANKING_MODEL: 'bge-reranker', OPENAI_BASE_URL: 'http://vllm/v1' }],
    ['generator', { GENERATOR: 'ollama,extractive', GENERATION_MODEL: 'llama3.2' }],
    ['generator', { GENERATOR: 'openai', GENERATION_MODEL: 'gpt', OPENAI_API_KEY: 'k' }],
    ['generator', { GENERATOR: 'huggingface', GENERATION_MODEL: 'm', HF_TOKEN: 'hf_x' }],
    // Each service asks only for what it needs itself.
    ['generator', { EMBEDDER: 'openai', RANKER: 'huggingface' }],
    ['gateway', { DATABASE_URL: 'postgres://x', EMBEDDER: 'nonesuch', GENERATOR: 'nonesuch' }],
  ];
  for (const [service, env] of GOOD)
    it(`${service} with ${JSON.stringify(env)}`, () => {
      expect(problems(service, env)).to.equal('');
    });

  const BAD: readonly [string, Record<string, string>, RegExp[]][] = [
    ['generator', { GENERATOR: 'ollama' }, [/GENERATION_MODEL: name the model that ollama is to use/]],
    [
      'generator',
      { GENERATOR: 'openai,huggingface,bing', LOG_LEVEL: 'loud' },
      [/LOG_LEVEL/, /GENERATION_MODEL/, /OPENAI_BASE_URL/, /HF_TOKEN/, /no provider "bing", only extractive, ollama/],
    ],
    [
      'embedder',
      { EMBEDDING_MODEL: 'nomic-embed-text' },
      [/the local embedder has "all-MiniLM-L6-v2", not "nomic-embed-text"/],
    ],
    ['embedder', { EMBEDDER: 'ollama,local', EMBEDDING_MODEL: 'nomic-embed-text' }, [/the local embedder has/]],
    ['embedder', { LOCAL_MODEL_DIR: '/models/x' }, [/EMBEDDING_MODEL: name the model that LOCAL_MODEL_DIR holds/]],
    ['embedder', { RANKER: 'openai,ollama' }, [/RANKING_MODEL/, /RANKER: there is no provider "ollama"/]],
    ['embedder', { RANKER: 'huggingface', HF_TOKEN: 'hf_x' }, [/RANKING_URL/]],
  ];
  for (const [service, env, messages] of BAD)
    it(`names all that ${service} lacks with ${JSON.stringify(env)}`, () => {
      const told = problems(service, env);
      for (const message of messages) expect(told).to.match(message);
    });
});

describe('an embedding profile', () => {
  it('is found by any name of its model', () => {
    const names = [
      'all-MiniLM-L6-v2',
      'sentence-transformers/all-MiniLM-L6-v2',
      'all-minilm',
      'all-minilm:latest',
      'ALL-MINILM:22m',
    ];
    for (const name of names) expect(embeddingProfile(name)).to.include({ model: 'all-MiniLM-L6-v2', dimensions: 384 });
    expect(embeddingProfile('nomic-embed-text')).to.include({
      model: 'nomic-embed-text-v1.5',
      queryPrefix: 'search_query: ',
      documentPrefix: 'search_document: ',
    });
    expect(embeddingProfile('BAAI/bge-base-en-v1.5').queryPrefix).to.match(/^Represent this sentence/);
    expect(embeddingProfile('intfloat/multilingual-e5-large')).to.include({
      dimensions: 1024,
      documentPrefix: 'passage: ',
    });
    expect(embeddingProfile('text-embedding-3-large').dimensions).to.equal(3072);
  });

  it('of a model that nobody knows has nothing special', () => {
    expect(embeddingProfile('acme/embed:v3')).to.include({
      model: 'acme/embed:v3',
      dimensions: undefined,
      queryPrefix: '',
    });
    expect(embeddingProfile('e5-like').queryPrefix).to.equal('');
  });

  it('gives each provider the name that it knows', () => {
    const mini = embeddingProfile('all-MiniLM-L6-v2');
    expect(nameAt(mini, 'ollama', 'all-MiniLM-L6-v2')).to.equal('all-minilm');
    expect(nameAt(mini, 'huggingface', 'all-minilm')).to.equal('sentence-transformers/all-MiniLM-L6-v2');
    expect(nameAt(mini, 'openai', 'all-minilm')).to.equal('all-minilm');
    expect(nameAt(mini, 'ollama', 'all-minilm:22m')).to.equal('all-minilm:22m');
    expect(nameAt(embeddingProfile('acme/embed:v3'), 'ollama', 'acme/embed:v3')).to.equal('acme/embed:v3');
  });

  it('settles how much a collection trusts meaning against words', () => {
    expect(collectionDefaults({ embeddingModel: 'all-minilm' })).to.include({
      embedding_model: 'all-MiniLM-L6-v2',
      hybrid_weight: 0.8,
    });
    expect(collectionDefaults({ embeddingModel: 'text-embedding-3-large' }).hybrid_weight).to.equal(0.85);
  });
});
