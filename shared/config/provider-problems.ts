import { embeddingProfile, LOCAL_MODEL } from '../profiles/embedding-profile.ts';

type Values = Readonly<Record<string, string>>;

/** Who can do what, by the setting that names them. */
const PROVIDERS = {
  EMBEDDER: ['local', 'ollama', 'huggingface', 'openai'],
  GENERATOR: ['extractive', 'ollama', 'huggingface', 'openai'],
  RANKER: ['huggingface', 'openai'],
} as const;

type Role = keyof typeof PROVIDERS;

/** What a service must be able to do. */
const ROLES: Readonly<Record<string, readonly Role[]>> = { embedder: ['EMBEDDER', 'RANKER'], generator: ['GENERATOR'] };
const MODELS: Readonly<Record<Role, string>> = {
  EMBEDDER: 'EMBEDDING_MODEL',
  GENERATOR: 'GENERATION_MODEL',
  RANKER: 'RANKING_MODEL',
};
const DEFAULTS: Partial<Record<Role, string>> = { EMBEDDER: 'local', GENERATOR: 'extractive' };
/** A server of one's own for this role only. */
const OWN_URL: Partial<Record<Role, string>> = { EMBEDDER: 'EMBEDDING_URL', RANKER: 'RANKING_URL' };

const chainOf = (role: Role, values: Values): string[] =>
  (values[role] ?? DEFAULTS[role] ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

const isSet = (values: Values, names: readonly (string | undefined)[]): boolean =>
  names.some((name) => name !== undefined && values[name] !== undefined);

function localProblems({ EMBEDDING_MODEL: model, LOCAL_MODEL_DIR: folder }: Values): string[] {
  if (folder !== undefined) {
    return model === undefined ? ['EMBEDDING_MODEL: name the model that LOCAL_MODEL_DIR holds'] : [];
  }
  if (model === undefined || embeddingProfile(model).model === LOCAL_MODEL) return [];
  return [`EMBEDDING_MODEL: the local embedder has "${LOCAL_MODEL}", not "${model}"; LOCAL_MODEL_DIR names another`];
}

/** What a provider lacks to play a role. */
function lacking(role: Role, provider: string, values: Values): string[] {
  const problems: string[] = [];
  const own = OWN_URL[role];
  const model = MODELS[role];
  if (provider === 'local') return localProblems(values);
  // TEI serves one model and is never told its name.
  const needsModel = provider === 'ollama' || provider === 'openai' || role === 'GENERATOR';
  if (needsModel && provider !== 'extractive' && values[model] === undefined) {
    problems.push(`${model}: name the model that ${provider} is to use (${role}=${values[role] ?? ''})`);
  }
  if (provider === 'openai' && !isSet(values, [own, 'OPENAI_BASE_URL', 'OPENAI_API_KEY'])) {
    problems.push(`OPENAI_BASE_URL: give the address of the server, or OPENAI_API_KEY for OpenAI itself (${role})`);
  }
  if (provider === 'huggingface' && !isSet(values, [own, 'HF_ENDPOINT_URL', 'HF_TOKEN'])) {
    problems.push(`HF_TOKEN: is needed without HF_ENDPOINT_URL (${role})`);
  }
  if (provider === 'huggingface' && role === 'RANKER' && !isSet(values, [own, 'HF_ENDPOINT_URL'])) {
    problems.push('RANKING_URL: give the address of the server that ranks, e.g. TEI (RANKER=huggingface)');
  }
  return problems;
}

function roleProblems(role: Role, values: Values): string[] {
  return chainOf(role, values).flatMap((provider) => {
    const known: readonly string[] = PROVIDERS[role];
    if (known.includes(provider)) return lacking(role, provider, values);
    return [`${role}: there is no provider "${provider}", only ${known.join(', ')}`];
  });
}

/** What is wrong or missing for the providers that a service is to use, each as `SETTING: what to do`. */
export const providerProblems = (service: string, values: Values): string[] => [
  ...new Set((ROLES[service] ?? []).flatMap((role) => roleProblems(role, values))),
];
