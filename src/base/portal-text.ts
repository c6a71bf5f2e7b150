/** A portal in the form that initiators get: `ADDRESS:PORT`. */
export function portalText({ address, port }: { address: string; port: number }): string {
  return `${address.includes(':') ? `[${address}]` : address}:${port}`;
}
