/** A portal as initiators are told it: `ADDRESS:PORT`. */
export function portalText({ address, port }: { address: string; port: number }): string {
  return `${address.includes(':') ? `[${address}]` : address}:${port}`;
}
