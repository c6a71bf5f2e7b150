import { BLOCK_LENGTH_BYTES, BLOCKS, LUNS, naaOf, TARGET_NAME, TARGET_PORTS } from './program.ts';

/** The target of the program of a seed, which nothing else uses. */
export function targetNameOf(seed: number): string {
  return `${TARGET_NAME}-${seed}`;
}

/**
 * The document of programs, by their seeds, for one gateway and for four: it is the same but for
 * the gateway of a target port.
 */
export function documentOf(gateways: 1 | 4, firstPort: number, seeds: readonly number[]): object {
  const portals = TARGET_PORTS.map((tag, at) => ({
    ...{ address: '127.0.0.1', port: firstPort + at },
    ...{ portalGroupTag: tag, relativePortIdentifier: tag },
  }));
  return {
    gateways:
      gateways === 1
        ? [{ name: 'g0', portals }]
        : portals.map((portal, at) => ({ name: `g${at}`, portals: [portal] })),
    disks: seeds.flatMap((seed) => LUNS.map((lun) => diskOf(seed, lun))),
    targets: seeds.map((seed) => ({
      iqn: targetNameOf(seed),
      luns: Object.fromEntries(LUNS.map((lun) => [lun, diskName(seed, lun)])),
      access: 'any',
    })),
  };
}

function diskName(seed: number, lun: number): string {
  return `d${seed}-${lun}`;
}

function diskOf(seed: number, lun: number): object {
  return {
    ...{ name: diskName(seed, lun), size: BLOCKS * BLOCK_LENGTH_BYTES },
    ...{
      serial: `serial${seed}-${lun}`,
      wwn: `naa.${Buffer.from(naaOf(seed, lun)).toString('hex')}`,
    },
  };
}
