// Finds the codes with which a source makes failures.

export function failureCodesOf(source: string): string[] {
  const made = source.matchAll(/\b[fF]ailure(?:<[^>]*>)?\(\s*'(\w+)'/g);
  const typed = source.matchAll(/type \w*FailureCode =([^;]*);/g);
  const described = source.matchAll(/\bcode: '(\w+)',?\s*(?:message|data)\b/g);
  return [
    ...[...made, ...described].map(([, code = '']) => code),
    ...[...typed].flatMap(([, union = '']) => {
      return [...union.matchAll(/'(\w+)'/g)].map(([, code = '']) => code);
    }),
  ];
}

/** Files that make a failure with the code of another one, or of a listed type. */
const PASSED_ON = [
  ...['cli/runs/demo', 'demo/free-ports', 'ceph/admin-socket', 'volume/local/local-store'],
  ...['records/record-arguments', 'records/local/store-thread'],
];

/** A code that is not written at the place of the failure would not be found. */
export function hiddenFailureCodes(source: string, file: string): boolean {
  if (PASSED_ON.some((name) => file.endsWith(`${name}.ts`))) return false;
  return /\bnew Failure(?:<[^>]*>)?\(\s*[^\s']/.test(source);
}
