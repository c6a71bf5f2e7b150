import { Failure } from '../base/failure.ts';

/** `Failure('volumeWouldShrink')` where a volume that may not shrink is larger than it shall be. */
export function refuseShrinking(name: string, fromBytes: number, toBytes: number): void {
  if (toBytes < fromBytes) throw wouldShrink(name, fromBytes);
}

export function wouldShrink(name: string, fromBytes: number): Failure<'volumeWouldShrink'> {
  return new Failure(
    'volumeWouldShrink',
    `the volume ${name} has ${fromBytes} bytes: a smaller size needs "disk resize --shrink"`,
    { name, sizeBytes: fromBytes },
  );
}
