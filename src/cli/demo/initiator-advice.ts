/** What the advice is written for. */
export interface AdviceOptions {
  readonly target: string;
  readonly portals: readonly { readonly address: string; readonly port: number }[];
}

/**
 * open-iscsi: a probe after 2 s of silence, given up 3 s later, and 3 s more before commands go to
 * another path: fail-over comes 8 s after the last sign of life, when late writes of the lost
 * gateway can no longer land.
 */
const NOOP_INTERVAL_S = 2;
const NOOP_TIMEOUT_S = 3;
const REPLACEMENT_TIMEOUT_S = 3;

/** Commands to paste into initiators: Linux, ESXi, Windows, libiscsi and QEMU. */
export function initiatorAdvice(options: AdviceOptions): string {
  return [linux(options), multipath(), esxi(options), windows(options), libiscsi(options)].join(
    '\n\n',
  );
}

function urlHost(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

function linux({ target, portals }: AdviceOptions): string {
  const first = portals[0]!;
  const settings = [
    ['node.conn[0].timeo.noop_out_interval', NOOP_INTERVAL_S],
    ['node.conn[0].timeo.noop_out_timeout', NOOP_TIMEOUT_S],
    ['node.session.timeo.replacement_timeout', REPLACEMENT_TIMEOUT_S],
  ];
  return [
    '# Linux (open-iscsi)',
    `iscsiadm -m discovery -t sendtargets -p ${urlHost(first.address)}:${first.port}`,
    ...settings.map(
      ([key, value]) => `iscsiadm -m node -T ${target} -o update -n '${key}' -v ${value}`,
    ),
    `iscsiadm -m node -T ${target} --login`,
  ].join('\n');
}

function multipath(): string {
  return `# Linux: /etc/multipath/conf.d/allpath.conf, then "multipathd reconfigure"
defaults {
  find_multipaths yes
}
devices {
  device {
    vendor "ALLPATH"
    product ".*"
    path_grouping_policy group_by_prio
    prio alua
    hardware_handler "1 alua"
    path_selector "service-time 0"
    path_checker tur
    detect_checker no
    failback immediate
    no_path_retry 12
    fast_io_fail_tmo ${REPLACEMENT_TIMEOUT_S}
    dev_loss_tmo 120
  }
}`;
}

function esxi({ target, portals }: AdviceOptions): string {
  const rule =
    'esxcli storage nmp satp rule add -s VMW_SATP_ALUA -P VMW_PSP_RR -V ALLPATH -M DISK ' +
    '-c tpgs_on -O "iops=1" -e "Allpath"';
  return [
    `# ESXi (target ${target}; vmhba64 stands for your software iSCSI adapter)`,
    rule,
    ...portals.map(
      ({ address, port }) =>
        `esxcli iscsi adapter discovery sendtarget add -A vmhba64 -a ${urlHost(address)}:${port}`,
    ),
    'esxcli iscsi adapter param set -A vmhba64 -k NoopOutInterval -v 5',
    'esxcli iscsi adapter param set -A vmhba64 -k NoopOutTimeout -v 10',
    'esxcli iscsi adapter param set -A vmhba64 -k RecoveryTimeout -v 10',
    'esxcli storage core adapter rescan -A vmhba64',
  ].join('\n');
}

function windows({ target, portals }: AdviceOptions): string {
  return [
    '# Windows (PowerShell, with the feature Multipath-IO)',
    "New-MSDSMSupportedHW -VendorId 'ALLPATH' -ProductId 'DISK'",
    'Enable-MSDSMAutomaticClaim -BusType iSCSI',
    'Set-MSDSMGlobalDefaultLoadBalancePolicy -Policy RR',
    'Set-MPIOSetting -NewPathVerificationState Enabled -NewPDORemovePeriod 120 -NewDiskTimeout 65',
    ...portals.flatMap(({ address, port }) => [
      `New-IscsiTargetPortal -TargetPortalAddress '${address}' -TargetPortalPortNumber ${port}`,
      `Connect-IscsiTarget -NodeAddress '${target}' -TargetPortalAddress '${address}' ` +
        `-TargetPortalPortNumber ${port} -IsMultipathEnabled $true -IsPersistent $true`,
    ]),
  ].join('\n');
}

function libiscsi({ target, portals }: AdviceOptions): string {
  const urls = portals.map(
    ({ address, port }) => `iscsi://${urlHost(address)}:${port}/${target}/0`,
  );
  return [
    '# libiscsi, QEMU',
    ...urls.map((url) => `qemu-img info ${url}`),
    `iscsi-inq ${urls[0]}`,
  ].join('\n');
}
