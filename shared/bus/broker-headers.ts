const BROKERS_OWN = /^x-(death|first-death-.*|last-death-.*|delivery-count|acquired-count|opt-.*)$/;

/** The broker's own headers tell of one life of a message; carried into its next they mislead (some versions count on). */
export const withoutBrokerHeaders = (headers: Readonly<Record<string, unknown>> = {}): Record<string, unknown> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !BROKERS_OWN.test(name)));
