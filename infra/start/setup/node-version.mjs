const NEEDED = [20, 19];

/**
 * @param {string} version as in `process.versions.node`
 * @returns {string | undefined} what to tell somebody whose Node is too old
 */
export function nodeVersionProblem(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1])) return undefined;
  return `Warren needs Node.js ${NEEDED.join('.')} or newer; this is ${version} (${process.execPath}).
Install a newer one from https://nodejs.org or with your version manager (nvm install 22), then run the same command again.`;
}
