/**
 * The numbers that the addon and its typed face agree on: `native/src/protocol.h` has the same
 * table. They are compared when the addon loads, since an addon may be of other sources.
 */
export const nativeProtocol = {
  /** Numbers for each completed image operation: slot, result, detail. */
  resultFields: 3,
  /** Numbers for each submitted one: code, image, slot, offset, length, buffers, detail. */
  descriptorFields: 7,
  imageRead: 1,
  imageWrite: 2,
  imageDiscard: 3,
  imageWriteSame: 4,
  imageWriteZeroes: 5,
  imageFlush: 6,
  imageCompareAndWrite: 7,
  writeCreate: 1,
  writeAssertExists: 2,
  writeAssertVersion: 3,
  writeCmpext: 4,
  writeWrite: 5,
  writeWriteFull: 6,
  writeRemove: 7,
  writeZero: 8,
  writeTruncate: 9,
  writeCmpxattr: 10,
  writeSetxattr: 11,
  writeRmxattr: 12,
  writeOmapCmp: 13,
  writeOmapSet: 14,
  writeOmapRemove: 15,
  writeOmapClear: 16,
  writeExec: 17,
  readRead: 1,
  readStat: 2,
  readGetxattrs: 3,
  readOmapGetValues: 4,
  readOmapGetValuesByKeys: 5,
} as const;

/** Where the addon differs, in words; undefined: nowhere. */
export function protocolDifference(
  addon: Readonly<Record<string, number>> | undefined,
): string | undefined {
  if (addon === undefined) return 'it does not tell its protocol';
  const known: Readonly<Record<string, number>> = nativeProtocol;
  for (const name of new Set([...Object.keys(known), ...Object.keys(addon)])) {
    const [here, there] = [known[name], addon[name]];
    if (here !== there) return `${name} is ${here ?? 'absent'} here and ${there ?? 'absent'} there`;
  }
  return undefined;
}
