/**
 * Empties a short list that is refilled for each command. Setting `length` to 0 is a call into the
 * runtime that throws the list's storage away; taking the entries out keeps both off the path.
 */
export function clearList(list: unknown[]): void {
  while (list.length > 0) list.pop();
}
