// open-iscsi and dm-multipath in a guest, set up by the words that `allpath demo` prints.

import { initiatorAdvice } from '../../src/cli/demo/initiator-advice.ts';
import type { Address } from '../initiator/host.ts';
import { waitFor } from '../support/wait-for.ts';
import { type Guest, HOST_ADDRESS } from './guest.ts';

/** One SCSI disk of the guest: what one session has of one logical unit. */
export interface DiskPath {
  /** Its names below /dev, as a disk and as a device that takes any command. */
  readonly disk: string;
  readonly generic: string;
  readonly port: number;
  readonly lun: number;
  readonly initiatorName: string;
}

/** A path of a dm-multipath device, in the words of `multipathd`. */
export interface MultipathPath {
  readonly disk: string;
  readonly wwid: string;
  readonly state: string;
  readonly checker: string;
  readonly priority: string;
}

export interface MultipathOptions {
  readonly but?: readonly DiskPath[];
  /** By which mpathpersist registers the host. */
  readonly reservationKey?: string;
}

const PATHS_LIMIT_MS = 5 * 60_000;
/** Looking costs the guest a fifth of this. */
export const GUEST_POLL_MS = 500;

/** open-iscsi's name for what has the guest's own initiator name. */
const INTERFACE_OF_GUEST = 'default';

export class LinuxInitiator {
  readonly #guest: Guest;
  readonly #target: string;
  readonly #portals: readonly Address[];

  constructor(guest: Guest, target: string, portals: readonly Address[]) {
    this.#guest = guest;
    this.#target = target;
    this.#portals = portals;
  }

  /** What discovery finds, a line each. */
  async discover(): Promise<readonly string[]> {
    const portal = `${HOST_ADDRESS}:${this.#portals[0]!.port}`;
    // The addresses found are the host's own loopback, so no records are kept.
    const words = `iscsiadm -m discoverydb -t sendtargets -p ${portal}`;
    const found = await this.#guest.mustRun(
      `${words} -o new > /dev/null && ${words} --discover -o nonpersistent`,
    );
    return found.trim().split('\n');
  }

  /** Logs in through every portal; under another name, the guest is one more initiator. */
  async logIn(initiatorName?: string): Promise<void> {
    const iface = initiatorName ?? INTERFACE_OF_GUEST;
    const commands = initiatorName === undefined ? [] : interfaceCommands(initiatorName);
    for (const { port } of this.#portals) {
      const node = `iscsiadm -m node -T ${this.#target} -p ${HOST_ADDRESS}:${port} -I ${iface}`;
      commands.push(`${node} -o new`, ...this.#settings(), `${node} --login`);
    }
    await this.#guest.mustRun(['set -e', ...commands, 'udevadm settle'].join('\n'));
  }

  /** All SCSI disks. */
  async disks(): Promise<readonly DiskPath[]> {
    const listed = await this.#guest.mustRun(`
      for session in /sys/class/iscsi_session/session*; do
        name=$(cat $session/initiatorname)
        port=$(cat $session/device/connection*/iscsi_connection/*/persistent_port)
        for disk in $session/device/target*/*/block/*; do
          device=$(readlink -f $disk/device)
          generic=$(ls $device/scsi_generic)
          echo "\${disk##*/} $generic $port \${device##*:} $name"
        done
      done`);
    return lines(listed).map((line) => {
      const [disk = '', generic = '', port, lun, initiatorName = ''] = line.split(' ');
      return { disk, generic, port: Number(port), lun: Number(lun), initiatorName };
    });
  }

  /** Has dm-multipath take all disks but these. */
  async startMultipath({ but = [], reservationKey }: MultipathOptions = {}): Promise<void> {
    const ownSettings = [
      'defaults {',
      ...(reservationKey === undefined ? [] : [`  reservation_key ${reservationKey}`]),
      '}',
      'blacklist {',
      ...but.map(({ disk }) => `  devnode "^${disk}$"`),
      '}',
    ];
    await this.#guest.mustRun(`
      mkdir -p /etc/multipath/conf.d
      cat > /etc/multipath/conf.d/allpath.conf <<'END'
${this.#advice('# Linux: /etc/multipath')}
END
      cat > /etc/multipath/conf.d/test.conf <<'END'
${ownSettings.join('\n')}
END
      multipathd`);
  }

  async multipathPaths(): Promise<readonly MultipathPath[]> {
    const { stdout } = await this.#guest.run(`multipathd show paths raw format '%d %w %t %T %p'`);
    return lines(stdout)
      .map((line) => line.split(/ +/))
      .filter((words) => words.length >= 5)
      .map(([disk = '', wwid = '', state = '', checker = '', priority = '']) => {
        return { disk, wwid, state, checker, priority };
      });
  }

  /** Resolves when so many paths are active, and no other path is there. */
  async activePaths(count: number): Promise<readonly MultipathPath[]> {
    let seen: readonly MultipathPath[] = [];
    await waitFor(
      `${count} paths are active`,
      async () => {
        seen = await this.multipathPaths();
        return seen.length === count && seen.every(({ state }) => state === 'active');
      },
      PATHS_LIMIT_MS,
      GUEST_POLL_MS,
    );
    return seen;
  }

  /** The commands of the advice that set values of the records. */
  #settings(): readonly string[] {
    return lines(this.#advice('# Linux (open-iscsi)')).filter((line) => line.includes('-o update'));
  }

  /** One of the parts of the advice, by how it begins; without its first line. */
  #advice(beginning: string): string {
    const portals = this.#portals.map(({ port }) => ({ address: HOST_ADDRESS, port }));
    const parts = initiatorAdvice({ target: this.#target, portals }).split('\n\n');
    const part = parts.find((each) => each.startsWith(beginning));
    if (part === undefined) throw new Error(`no advice begins with ${beginning}`);
    return part.slice(part.indexOf('\n') + 1);
  }
}

function interfaceCommands(initiatorName: string): string[] {
  const iface = `iscsiadm -m iface -I ${initiatorName}`;
  return [
    `${iface} -o new || true`,
    `${iface} -o update -n iface.initiatorname -v ${initiatorName}`,
  ];
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '');
}
