/** Longest iSCSI name, in bytes of UTF-8 (RFC 7143). */
export const ISCSI_NAME_LENGTH_MAX = 223;

const IQN = /^iqn\.\d{4}-(?:0[1-9]|1[0-2])\.[^.:][^:]*(?::.+)?$/u;
const EUI = /^eui\.[0-9a-f]{16}$/;
const NAA = /^naa\.(?:[0-9a-f]{16}|[0-9a-f]{32})$/;
/**
 * The characters after preparation: lower case letters, digits, dash, dot, colon. The underscore is
 * not of the standard, but of host names that found their way into the names of many initiators.
 */
const CHARACTERS = /^[\p{Ll}\p{Lo}\p{Lm}\p{M}\p{N}\-.:_]+$/u;

/**
 * The form in which names are compared (stringprep for iSCSI names, RFC 3722): lower case, NFKC.
 * Undefined when it is not an iSCSI name of type iqn, eui or naa.
 */
export function prepareName(name: string): string | undefined {
  const prepared = name.normalize('NFKC').toLowerCase().normalize('NFKC');
  if (new TextEncoder().encode(prepared).length > ISCSI_NAME_LENGTH_MAX) return undefined;
  if (!CHARACTERS.test(prepared)) return undefined;
  return IQN.test(prepared) || EUI.test(prepared) || NAA.test(prepared) ? prepared : undefined;
}
