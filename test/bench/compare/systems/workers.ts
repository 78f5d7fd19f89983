import { type Part, stopAll } from '../machine/part.ts';

/** The workers of a system: as many as are wanted, all alike. */
export class Workers {
  readonly #start: (n: number) => Part;
  #parts: Part[] = [];
  #started = 0;

  constructor(start: (n: number) => Part) {
    this.#start = start;
  }

  get parts(): readonly Part[] {
    return this.#parts;
  }

  async have(count: number): Promise<void> {
    await stopAll(this.#parts.splice(count));
    while (this.#parts.length < count) this.#add();
  }

  async replace(): Promise<void> {
    const gone = this.#parts.shift();
    await gone?.kill();
    this.#add();
  }

  #add(): void {
    this.#started += 1;
    this.#parts.push(this.#start(this.#started));
  }
}
