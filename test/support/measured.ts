/**
 * How often a test that holds a duration against a bound is tried again: it measures the machine as well, and others may
 * be at work there. What is slow by itself is slow every time. A run tells which tests it had to try again.
 */
export const MEASURED_AGAIN = 2;
