import { spawn } from 'node:child_process';

/**
 * Runs a program to its end and keeps what it printed.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{cwd: string}} options
 * @returns {Promise<{code: number, output: string}>} code 127 when it could not be started
 */
export function runProgram(program, args, { cwd }) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
    child.once('error', (error) => resolve({ code: 127, output: error.message }));
    child.once('close', (code, signal) => resolve({ code: code ?? (signal ? 128 : 1), output }));
  });
}
