/** A name of a standard or of the code as the value of a label: `READ (16)` becomes `read`. */
export function labelValue(name: string): string {
  return name
    .replace(/ \(\d+\)$/, '')
    .replace(/[a-z](?=[A-Z])/g, '$&_')
    .replaceAll(' ', '_')
    .toLowerCase();
}
