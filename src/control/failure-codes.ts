/** The meaning of the code of a `Failure`. */
interface FailureCodeText {
  readonly meaning: string;
  /** The remedy for the administrator. */
  readonly remedy: string;
}

export interface FailureCodeGroup {
  readonly title: string;
  readonly codes: Readonly<Record<string, FailureCodeText>>;
}

/** Written briefly: a code, its meaning, its remedy. */
function group(title: string, rows: readonly (readonly [string, string, string])[]) {
  const codes = rows.map(([code, meaning, remedy]) => [code, { meaning, remedy }] as const);
  return { title, codes: Object.fromEntries(codes) };
}

/** Every code with which a command, a gateway or a use case can fail. */
export const FAILURE_CODES: readonly FailureCodeGroup[] = [
  group('Commands', [
    ['usage', 'The command line is wrong; nothing was done.', 'See `allpath help COMMAND`.'],
    ['systemError', 'The kernel refused a call.', 'The message says which, on what, and why.'],
    ['defect', 'Allpath has a defect.', 'Report it with the stack trace that is printed.'],
    ['fileUnreadable', 'The file of a document cannot be read.', 'See the reason in the message.'],
  ]),
  group('The document', [
    ['documentInvalid', 'The document breaks a rule.', 'Correct the lines that are listed.'],
    ['documentMissing', 'The store has no document yet.', 'Use `allpath apply` or `disk create`.'],
    [
      'documentStale',
      'The document was made from another version than the current one.',
      'Repeat the change on the output of `allpath get --secrets`, or use `--force`.',
    ],
    [
      'applyRefused',
      'The change would lose data, or does not fit the volumes; nothing was done.',
      'The message gives each reason, and the command that allows it.',
    ],
    ['applyConflict', 'Others kept changing the document.', 'Try again.'],
    [
      'applyIncomplete',
      'The version is committed, but some gateways do not serve it yet.',
      'They follow by themselves; if they do not, see `allpath status` and their logs.',
    ],
    [
      'gatewayUnknown',
      'The document has no gateway of this name.',
      'Add it to the document, or correct the name.',
    ],
  ]),
  group('Disks', [
    ['diskExists', 'The name, or the volume, belongs to a disk.', 'Use another name.'],
    ['diskNotFound', 'There is no disk of this name.', 'See `allpath disk list`.'],
    [
      'diskInUse',
      'Initiators may be using the disk.',
      'Take it out of its LUN maps first, or use `--force` where the message offers it.',
    ],
    ['lunInUse', 'The LUN belongs to another disk.', 'Use another LUN.'],
    ['diskInvalid', 'The requested disk breaks a rule.', 'See the message.'],
  ]),
  group('Gateways and fences', [
    ['fenceNoGateway', 'No other gateway serves.', 'Start one; a gateway cannot fence itself.'],
    ['fenceUnknown', 'No gateway of this name serves.', 'See `allpath status`.'],
    ['fenceFailed', 'A gateway tried, and failed.', 'See the reason, then try again.'],
    [
      'portalUnavailable',
      'The gateway cannot listen on a portal.',
      'Stop the process that listens there, or correct the address in the document.',
    ],
    [
      'membersNameTaken',
      'A gateway of this name is running.',
      'Stop it first, or give this one another name.',
    ],
    ['membersClosed', 'This gateway is being fenced.', 'It starts again by itself.'],
    ['membersOwnGateway', 'A gateway was asked to fence itself.', 'Ask another one.'],
    [
      'membersUnconfirmed',
      'Ceph did not confirm a fencing step in time.',
      'Check that the monitors answer (`ceph -s`), then try again.',
    ],
    ['membersTooMany', 'A bound on gateways or clients is reached.', 'Run fewer gateways.'],
    ['membersUnreadable', 'The list of gateways is damaged.', 'Restore a backup of the store.'],
    [
      'membersFormatUnknown',
      'A later release wrote the list of gateways.',
      'Use that release, or a later one.',
    ],
    [
      'membersUnavailable',
      'The list of gateways could not be changed in time.',
      'Check that the store answers, then try again.',
    ],
    [
      'membersUnsupported',
      'This process cannot fence a gateway or client.',
      'Use a running gateway of the store.',
    ],
  ]),
  group('Resets', [
    ['targetNotFound', 'There is no target of this name.', 'See `allpath get`.'],
    [
      'resetRefused',
      'Initiators are logged in, and their commands would be aborted.',
      'Use `--force` if that is intended.',
    ],
    ['resetNoGateway', 'No gateway serves it.', 'See `allpath status`.'],
    [
      'resetFailed',
      'It did not take effect everywhere in time.',
      'See the reason, then try again.',
    ],
  ]),
  group('The store', [
    ['storeMissing', 'There is no store at this place.', 'Check `--store`.'],
    ['storeUnreadable', 'The folder of the store cannot be read.', 'Run as the user that owns it.'],
    [
      'storeNotCreatable',
      'A store cannot be made there.',
      'Choose another folder, or correct its permissions.',
    ],
    ['storeInUse', 'Gateways serve this store.', 'Stop them first, or use another store.'],
    ['storeClosed', 'The store was closed meanwhile.', 'Nothing: this process is ending.'],
    [
      'poolKeepsRemoved',
      'The pool moves deleted images to its trash.',
      'See the two commands in the message.',
    ],
  ]),
  group('Records of the store', [
    [
      'recordsUnavailable',
      'The records did not answer in time.',
      'Check the disk or the OSDs, then try again.',
    ],
    [
      'recordsDamaged',
      'The records are damaged, or are not records.',
      'Restore a backup, or apply a copy of the document again; volumes keep their data.',
    ],
    ['recordsFull', 'The store has no room.', 'Free some space, or raise the quota.'],
    ['recordsFenced', 'This process was fenced.', 'A gateway starts again by itself.'],
    ['recordsNameTaken', 'A running process has this name.', 'Stop it, or use another name.'],
    [
      'recordsUnsuitable',
      'The store cannot be used from here: its file system, format or host.',
      'The message says which, and what is needed.',
    ],
    ['recordsBadKey', 'The name of a record or a member is not allowed.', 'Correct the name.'],
    ['recordsTooLarge', 'A record is larger than its bound.', 'Use fewer or shorter entries.'],
    ['recordsClosed', 'The records were closed meanwhile.', 'Nothing: this process is ending.'],
    ['recordsOwnProcess', 'A process was asked to end itself.', 'Ask another gateway.'],
    [
      'recordsMalformedFrame',
      'A process sent a message that cannot be read.',
      'Use one release everywhere.',
    ],
    [
      'unitRecordUnsuitable',
      'The record of a logical unit is that of another disk.',
      'Restore a backup of the store.',
    ],
    [
      'unitRecordUnreadable',
      'The record of a logical unit is damaged; its disk is not served.',
      'Restore a backup of the store, or use the command in the message.',
    ],
    [
      'unitRecordReadable',
      'The record of a logical unit is not damaged.',
      'Nothing: its state would be lost for no reason.',
    ],
    [
      'gatewayTooOld',
      'A gateway runs a release that does not enforce reservations.',
      'Upgrade it.',
    ],
    [
      'unitInUse',
      'A gateway may be serving the logical unit.',
      'Stop the gateways that the message names, then try again.',
    ],
    [
      'recordMalformed',
      'A record does not have the expected content.',
      'Restore a backup of the store.',
    ],
    ['recordFormatUnknown', 'A later release wrote a record.', 'Use that release, or a later one.'],
  ]),
  group('Volumes and images', [
    ['volumeNotFound', 'The store has no such volume.', 'See `allpath disk list`.'],
    ['volumeExists', 'The store has a volume of this name.', 'Import it, delete it, or rename.'],
    [
      'volumeOfOtherDisk',
      'The volume holds the data of another disk.',
      'Correct the document; `disk import` serves the volume as the disk that it holds.',
    ],
    [
      'volumeInUse',
      'A process has the volume open, or it has snapshots.',
      'Stop the process that uses it, or wait 30 s; delete the snapshots.',
    ],
    ['volumeBadName', 'No volume can have this name.', 'Use another name.'],
    ['volumeBadSize', 'No volume can have this size.', 'Use a size that the message allows.'],
    ['volumeWouldShrink', 'The volume would lose data.', 'Use `disk resize --shrink` if intended.'],
    ['volumeIsDevice', 'The volume is a block device.', 'Resize the device by its own tools.'],
    ['volumeDamaged', 'The description of a volume is damaged.', 'Restore the file that is named.'],
    [
      'volumeUnwritable',
      'The store does not take a file.',
      'Free space, or correct its permissions.',
    ],
    [
      'volumeUnsuitable',
      'Several gateways cannot serve the image.',
      'Use `disk import --fix`, or the commands in the message.',
    ],
    ['volumeForbidden', 'The Ceph user may not use a pool.', 'Grant what `ceph caps` prints.'],
    ['diskRefused', 'A disk would get another block length.', 'Make another disk instead.'],
    ['volumeBroken', 'An image cannot be opened.', 'Check it with `rbd info`, and its pools.'],
    ['volumeSilent', 'An image does not answer.', 'Check the OSDs (`ceph health detail`).'],
    [
      'snapshotUnsupported',
      'The store cannot make snapshots or clones.',
      'See the reason in the message.',
    ],
    ['snapshotExists', 'The disk has a snapshot of this name.', 'Use another name.'],
    [
      'snapshotNotFound',
      'The disk has no snapshot of this name.',
      'See `allpath disk snapshot list`.',
    ],
    [
      'layoutRefused',
      'The store cannot lay out a volume in this way.',
      'See the reason in the message.',
    ],
    ['clientReplaced', 'The client of an image was fenced.', 'Nothing: it is opened again.'],
    ['instancesInvalid', '`volumeInstances` is out of range.', 'Correct it in the document.'],
  ]),
  group('Ceph', [
    ['cephMissing', 'Ceph is not installed.', 'Install the packages that the message names.'],
    ['cephAddonMissing', 'The addon is not built.', 'Use the command in the message.'],
    [
      'cephAddonMismatch',
      'The addon was built from other sources than the program.',
      'Use the command in the message.',
    ],
    ['cephFailed', 'A call of Ceph failed.', 'The message names the call, its error and a hint.'],
  ]),
  group('Demo and throwaway Ceph', [
    ['demoDiskDiffers', 'The store has another demo disk.', 'Use its options, or another store.'],
    ['gatewayNotStarted', 'A gateway of the demo could not start.', 'See what it printed.'],
    ['gatewayEnded', 'A gateway of the demo ended before it served.', 'See what it printed.'],
    ['cephPackagesMissing', 'Programs of Ceph are missing.', 'Install what the message names.'],
    [
      'cephOptions',
      'A cluster with these options cannot be made.',
      'See the bound in the message.',
    ],
    ['cephPortsTaken', 'No block of ports is free.', 'End other throwaway clusters.'],
    [
      'cephStartFailed',
      'The cluster did not come up.',
      'See the logs in the folder that is named.',
    ],
    ['cephProgramFailed', 'A program of Ceph failed.', 'See its output in the message.'],
    ['cephCommandFailed', 'A daemon refused a command.', 'See its output in the message.'],
    ['cephDaemonSilent', 'A daemon did not answer.', 'Try again on a quieter machine.'],
    ['cephDaemonEnded', 'A daemon has ended.', 'See its log.'],
    ['cephDaemonRunning', 'A daemon runs already.', 'Stop it first.'],
    ['cephDaemonNotStopped', 'A daemon does not stop.', 'End its process.'],
  ]),
];
