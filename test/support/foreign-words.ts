/** Words of Node, of the system's error numbers and of the schema library: never for users. */
export const FOREIGN_WORDS = new RegExp(
  [
    /\bE[A-Z]{4,}\b|ERR_[A-Z_]+|no such file or|permission denied|illegal operation|errno/,
    /(?:Type|Range|Syntax|Reference)?Error:|\.ts:\d|\.js:\d|node:|undefined|\[object/,
    /invalid (?:input|option|string|key)|expected (?:number|string)|received |Unrecognized|Too (?:big|small)/i,
  ]
    .map(({ source }) => source)
    .join('|'),
);
