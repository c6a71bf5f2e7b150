import { assert } from '../base/assert.ts';

/** BUFFER CAPACITY of the echo buffer descriptor, which has 13 bits for it. */
export const ECHO_BUFFER_BYTES = 4096;

/**
 * The echo buffer of one nexus: WRITE BUFFER fills it and READ BUFFER returns it, so that an
 * initiator can test its path. No other nexus reads or changes it.
 */
export class EchoBuffer {
  /** What was written last; undefined: nothing yet. */
  bytes: Uint8Array | undefined = undefined;

  write(bytes: Uint8Array): void {
    assert(bytes.length <= ECHO_BUFFER_BYTES, 'an echo buffer is bounded');
    // A copy: the transport reuses its buffers.
    this.bytes = bytes.slice();
  }
}
