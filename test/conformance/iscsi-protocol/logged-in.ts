import { testUnitReady } from '../../initiator/cdb.ts';
import { Initiator, type InitiatorOptions } from '../../initiator/initiator.ts';
import { type Demo, demoTargetName } from '../../support/demo.ts';

/** A session with the demo's disk, its first unit attentions taken. */
export async function loggedIn(
  demo: Demo,
  options: Partial<InitiatorOptions> = {},
  gateway = 0,
): Promise<Initiator> {
  const initiator = await Initiator.connect({
    ...demo.address(gateway),
    targetName: demoTargetName,
    ...options,
  });
  for (let attempts = 0; attempts < 10; attempts++) {
    const { status } = await initiator.execute({ cdb: testUnitReady() });
    if (status === 0) return initiator;
  }
  throw new Error('the disk does not become ready');
}
