import { clearList } from '../../base/clear-list.ts';
import type { Slab } from '../../base/slab-pool.ts';

/**
 * One received PDU, in place: offsets into the receive buffer. The reader uses the same object
 * again for the next PDU: a consumer that needs data beyond `onPdu` holds the slabs or copies it.
 */
export class Pdu {
  /** The buffer that holds the header, and where the BHS begins in it. */
  bytes: Uint8Array = new Uint8Array(0);
  base = 0;
  /** Additional header segments follow the BHS; 0 when there are none. */
  ahsLength = 0;
  dataLength = 0;
  /** The data segment, without padding, as views of receive buffers. */
  readonly data: Uint8Array[] = [];
  /** The slabs behind `data`, entry for entry; undefined where the buffer is not pooled. */
  readonly slabs: (Slab | undefined)[] = [];

  /** The Initiator Task Tag, byte 16 of every PDU. */
  get opcode(): number {
    return this.bytes[this.base]! & 0x3f;
  }

  get immediate(): boolean {
    return (this.bytes[this.base]! & 0x40) !== 0;
  }

  /** The data segment in one piece; for the small ones of text and management. */
  joinedData(): Uint8Array {
    if (this.data.length === 1) return this.data[0]!;
    const joined = new Uint8Array(this.dataLength);
    let at = 0;
    for (const piece of this.data) {
      joined.set(piece, at);
      at += piece.length;
    }
    return joined;
  }

  clear(): void {
    clearList(this.data);
    clearList(this.slabs);
    this.dataLength = 0;
    this.ahsLength = 0;
  }
}
