/** What a terminal shows of this: a carriage return writes over, "erase in line" clears. */
export function linesOnTerminal(written: string): readonly string[] {
  return written.split(/\r*\n/).map((line) => {
    let shown = '';
    for (const part of line.split('\r').slice(line.startsWith('\r') ? 1 : 0)) {
      const text = part.replaceAll('\x1b[K', '');
      shown = part.startsWith('\x1b[K') ? text : text + shown.slice(text.length);
    }
    return shown;
  });
}
