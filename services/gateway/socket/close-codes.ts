/** Why a socket is closed, by code. */
export const CLOSE = {
  normal: 1000,
  goingAway: 1001,
  badFrame: 4400,
  heartbeat: 4408,
  slowReader: 4413,
  tooMany: 4429,
} as const;
