/** What a live line is written to: a terminal. */
interface Terminal {
  write(text: string): unknown;
}

/** Begins the line again, and clears it. */
const CLEAR = '\r\x1b[K';

/**
 * The line of the terminal that changes in place; a process has one. Everything else that is
 * written goes above it, whole lines at a time, so that nothing runs into it.
 */
export class LiveLine {
  #terminal: Terminal | undefined;
  #text = '';

  show(terminal: Terminal, text: string): void {
    this.#terminal = terminal;
    this.#text = text;
    terminal.write(CLEAR + text);
  }

  /** Clears the line, has whole lines written, and shows it again below. */
  above(write: () => void): void {
    this.#terminal?.write(CLEAR);
    write();
    this.#terminal?.write(this.#text);
  }

  /** The line stays as it is; what comes next begins a new one. */
  end(): void {
    this.#terminal?.write('\n');
    this.#terminal = undefined;
  }
}

export const liveLine = new LiveLine();
