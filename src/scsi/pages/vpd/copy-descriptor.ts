import { ByteWriter } from '../../../base/bytes/byte-writer.ts';
import { CopyDescriptorHead } from '../../standard/third-party-copy-page.ts';

/** A third-party copy descriptor; its length is a multiple of four. */
export function descriptor(type: number, body: Uint8Array): Uint8Array {
  const padded = new ByteWriter().bytes(body).align(4).finish();
  const head = new Uint8Array(CopyDescriptorHead.$.length);
  CopyDescriptorHead.thirdPartyCopyDescriptorType.set(head, type);
  CopyDescriptorHead.thirdPartyCopyDescriptorLength.set(head, padded.length);
  return new ByteWriter().bytes(head).bytes(padded).finish();
}

/** A descriptor that was filled as its layout counts, without its head. */
export function behindHead(whole: Uint8Array): Uint8Array {
  return whole.subarray(CopyDescriptorHead.$.length);
}
