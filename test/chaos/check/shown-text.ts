interface Shown {
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The text a client has on its screen after these events. */
export function shownText(events: readonly Shown[]): string {
  let text = '';
  for (const { event, data } of events) {
    if (event === 'output.reset') text = '';
    if (event === 'output.delta') text = text.slice(0, Number(data.offset)) + String(data.text);
  }
  return text;
}
