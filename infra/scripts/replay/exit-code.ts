/** What the script's exit code means. */
export const EXIT = {
  done: 0,
  /** Something was not found, or some letters were skipped. */
  partly: 1,
  /** The command line or the settings need mending, or nobody said yes. */
  usage: 2,
  /** The broker went away. */
  broker: 3,
  /** Ctrl-C; what was done until then is printed. */
  interrupted: 130,
} as const;
