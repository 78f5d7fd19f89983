/** Time for what a drain can still do once broker and database end, too. */
const GRACE_MS = 8_000;
const EXIT_ORPHANED = 1;

/*
 * Loaded into every child before its program (`node --import`). A supervisor that is killed closes the IPC channel; a
 * child that was only just starting would miss that and stay for ever, and one whose drain hangs would stay too long.
 */
if (process.connected === false) process.exit(EXIT_ORPHANED);
process.once('disconnect', () => {
  setTimeout(() => process.exit(EXIT_ORPHANED), GRACE_MS);
});
