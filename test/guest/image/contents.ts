// What the root image of the guest is made of. A change of these lists makes the image again.

/** The release of Debian whose kernel and programs the guest runs. */
export const SUITE = 'bookworm';

/** Debian packages that are installed with what they depend on. */
export const packages: readonly string[] = [
  'linux-image-amd64',
  'kmod',
  'udev',
  'base-passwd',
  'bash',
  'busybox-static',
  'coreutils',
  'dash',
  'dmsetup',
  'grep',
  'iproute2',
  'mount',
  'sed',
  'util-linux',
  'open-iscsi',
  'multipath-tools',
  'sg3-utils',
  'sg3-utils-udev',
  'e2fsprogs',
  'xfsprogs',
  'python3',
  'python3-pexpect',
  'python3-pycurl',
];

/** Packages without what they depend on: most fence agents ask a cloud or a power switch. */
export const packagesAlone: readonly string[] = ['fence-agents'];

/** Kernel modules, which come with those that they need; no others are in the image. */
export const modules: readonly string[] = [
  'virtio_pci',
  'virtio_net',
  'virtio_console',
  'crc32c_generic',
  'crc32c_intel',
  'iscsi_tcp',
  'sd_mod',
  'sg',
  'dm_multipath',
  'dm_round_robin',
  'dm_service_time',
  'scsi_dh_alua',
  'ext4',
  'xfs',
];

/** Parts of packages that no test needs: they would only make each boot slower. */
export const leftOut: readonly string[] = [
  './usr/share/doc',
  './usr/share/i18n',
  './usr/share/info',
  './usr/share/locale',
  './usr/share/man',
  './usr/share/perl*',
  './usr/share/zoneinfo',
  './usr/lib/*/gconv',
  './usr/lib/*/libicu*',
  './usr/lib/*/libperl*',
  './usr/lib/*/perl*',
  './usr/lib/udev/hwdb*',
];
