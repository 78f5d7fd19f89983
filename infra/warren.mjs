#!/usr/bin/env node
/** The `warren` command: makes sure that it is built, then runs it. */
process.argv.splice(2, 0, 'cli');
await import('./bootstrap.mjs');
