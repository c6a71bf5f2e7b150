// The shape of a line of output: its words, without the figures that differ from run to run.

/** Two lines have equal shapes if they differ in figures, in units of figures, and in gaps. */
export function shapeOf(line: string): string {
  return line
    .replace(/\b[0-9a-f]{16}\b/g, 'ID')
    .replace(/\b\d+(\.\d+)? ?([KMGT]i?)?B\b/g, 'SIZE')
    .replace(/\b\d+(\.\d+)? (s|min|h|d)\b/g, 'TIME')
    .replace(/(?<![\w.])\d+(\.\d+)?(?![\w.])/g, 'NUMBER')
    .replace(/-{2,}|[ \t]+/g, ' ')
    .trim();
}
