import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { expect } from 'chai';

const ROOT = resolve(import.meta.dirname, '../..');
const BIOME = join(ROOT, 'node_modules/.bin/biome');
const BIOME_TIMEOUT_MS = 60_000;

/** A file that breaks a rule, and the rule it breaks. */
interface Seed {
  readonly file: string;
  readonly text: string;
  readonly rule: string;
}

const BOUNDARY = 'lint/style/noRestrictedImports';
const imports = (file: string, from: string): Seed => ({
  file,
  text: `export { thing } from '${from}';\n`,
  rule: BOUNDARY,
});

const VIOLATIONS: readonly Seed[] = [
  imports('services/gateway/a.ts', '../embedder/main.ts'),
  imports('services/gateway/routes/b.ts', '../../rag-orchestrator/turn.ts'),
  imports('services/embedder/a.ts', '../gateway/main.ts'),
  imports('services/embedder/b.ts', '../../shared/store/jobs.ts'),
  imports('services/generator/a.ts', '../embedder/models/local.ts'),
  imports('services/generator/b.ts', '../../shared/store/jobs.ts'),
  imports('services/rag-orchestrator/a.ts', '../generator/main.ts'),
  imports('services/rag-orchestrator/b.ts', '../../test/support/hooks.ts'),
  imports('services/rag-orchestrator/flows/a.ts', '../turn.ts'),
  imports('services/rag-orchestrator/flows/b.ts', 'zod'),
  imports('services/rag-orchestrator/flows/c.ts', '../../../shared/bus/bus.ts'),
  imports('services/rag-orchestrator/flows/d.ts', 'node:fs'),
  imports('shared/messages/a.ts', '../ids.ts'),
  imports('shared/messages/b.ts', 'pino'),
  imports('shared/bus/a.ts', '../../services/gateway/main.ts'),
  imports('shared/store/a.ts', '../../infra/database/server.ts'),
  {
    file: 'shared/bus/floating.ts',
    text: 'export const f = (): void => {\n  Promise.resolve(1);\n};\n',
    rule: 'lint/nursery/noFloatingPromises',
  },
  {
    file: 'shared/bus/misused.ts',
    text: "export const f = async (): Promise<string> => ((async () => true)() ? 'a' : 'b');\n",
    rule: 'lint/nursery/noMisusedPromises',
  },
  {
    file: 'shared/bus/one.ts',
    text: "import { two } from './two.ts';\n\nexport const one = (): unknown => two;\n",
    rule: 'lint/suspicious/noImportCycles',
  },
  {
    file: 'shared/bus/two.ts',
    text: "import { one } from './one.ts';\n\nexport const two = (): unknown => one;\n",
    rule: 'lint/suspicious/noImportCycles',
  },
];

const ALLOWED: readonly Seed[] = [
  imports('services/gateway/ok.ts', '../../shared/bus/bus.ts'),
  imports('services/gateway/ok2.ts', './routes/jobs.ts'),
  imports('services/rag-orchestrator/ok.ts', '../../shared/store/jobs.ts'),
  imports('services/rag-orchestrator/flows/ok.ts', './decide.ts'),
  imports('services/rag-orchestrator/flows/ok2.ts', '../../../shared/messages/job.ts'),
  imports('shared/messages/ok.ts', './job.ts'),
  imports('shared/messages/ok2.ts', 'zod'),
  imports('shared/bus/ok.ts', '../messages/job.ts'),
  imports('shared/bus/ok2.ts', 'amqplib'),
];

async function plant(root: string, seeds: readonly Seed[]): Promise<void> {
  for (const { file, text } of seeds) {
    await mkdir(dirname(join(root, file)), { recursive: true });
    await writeFile(join(root, file), text);
  }
}

/** The errors Biome reports in `root`, as `file rule`. */
function lint(root: string): Promise<string[]> {
  const args = ['lint', '.', '--reporter=json', '--max-diagnostics=none', '--vcs-enabled=false'];
  return new Promise((resolveWith, reject) => {
    execFile(BIOME, args, { cwd: root, timeout: BIOME_TIMEOUT_MS, maxBuffer: 1 << 24 }, (error, stdout, stderr) => {
      if (stdout === '') return reject(new Error(`biome said nothing: ${stderr}`, { cause: error }));
      const { diagnostics } = JSON.parse(stdout) as {
        diagnostics: { category: string; location: { path: string }; severity: string }[];
      };
      resolveWith(diagnostics.filter((d) => d.severity === 'error').map((d) => `${d.location.path} ${d.category}`));
    });
  });
}

describe('the lint rules keep the layers apart', () => {
  let root = '';
  let errors: string[] = [];

  before(async function () {
    this.timeout(BIOME_TIMEOUT_MS);
    root = await mkdtemp(join(tmpdir(), 'warren-lint-'));
    for (const file of ['biome.json', 'package.json']) await cp(join(ROOT, file), join(root, file));
    await symlink(join(ROOT, 'node_modules'), join(root, 'node_modules'));
    await plant(root, [...VIOLATIONS, ...ALLOWED]);
    errors = await lint(root);
  });

  after(async () => {
    await rm(root, { recursive: true, force: true });
  });

  for (const { file, text, rule } of VIOLATIONS)
    it(`forbids in ${file}: ${text.split('\n').slice(0, 2).join(' ').trim()}`, () => {
      expect(errors).to.include(`${file} ${rule}`);
    });

  for (const { file, text } of ALLOWED)
    it(`allows in ${file}: ${text.trim()}`, () => {
      expect(errors.filter((error) => error.startsWith(`${file} `))).to.deep.equal([]);
    });
});
