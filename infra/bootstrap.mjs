/**
 * The one script that runs before anything is installed. It needs nothing but Node: it installs npm packages when they
 * are missing or out of date, builds when sources are newer, and hands over to the command that was asked for.
 */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeVersionProblem } from './start/setup/node-version.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

async function run([command, ...args]) {
  const { commands, usage } = await import('./start/setup/commands.mjs');
  const asksForHelp = command === undefined || command === '--help' || command === 'help';
  const known = commands[command];
  if (!known) {
    console.error(usage(asksForHelp ? undefined : command));
    return asksForHelp ? 0 : 2;
  }
  if (known.help && args.some((arg) => arg === '--help' || arg === '-h')) {
    console.log(known.help);
    return 0;
  }
  const { prepare } = await import('./start/setup/prepare.mjs');
  await prepare(ROOT, { quiet: known.quiet === true });
  return known.run(ROOT, args);
}

const problem = nodeVersionProblem(process.versions.node);
if (problem) {
  console.error(problem);
  process.exit(1);
}
try {
  const code = await run(process.argv.slice(2));
  if (typeof code === 'number') process.exitCode = code;
} catch (error) {
  console.error(error.expected ? error.message : error);
  process.exitCode = 1;
}
