import { cephSettingTable } from './ceph-settings.ts';
import { otherSettings } from './other-settings.ts';

/** The page `docs/reference/ceph-settings.md`. */
export function cephSettingsReference(): string {
  const set = Object.entries(cephSettingTable).map(([name, { value, images, reason }]) => {
    const allowed = images?.map(shown).join(', ') ?? '';
    return `| \`${name}\` | ${shown(value)} | ${allowed} | ${reason} |`;
  });
  const others = otherSettings.map(
    ({ names, reason }) => `| ${names.map((name) => `\`${name}\``).join(', ')} | ${reason} |`,
  );
  return `# Settings of Ceph

<!-- Written by scripts/reference.ts from src/ceph/ceph-settings.ts and other-settings.ts. -->

Every client of a gateway, and of a command, sets these itself. What a \`ceph.conf\`, the
environment or the monitors' configuration database (\`ceph config set client\`) says of them has no
effect.

librbd also takes settings from the metadata of an image (\`rbd config image set\`) and of its
pool (\`rbd config pool set\`), and these win over a client's. An image is not served while it or
its pool carries a value other than those of the third column. Where that is empty, any value is
served.

| setting | value | on images and pools | reason |
|---|---|---|---|
${set.join('\n')}

Commands, which serve no disk, have a \`librados_thread_count\` of 4.

All other settings of librbd and librados are left as they are found:

| settings | why they do no harm |
|---|---|
${others.join('\n')}
`;
}

function shown(value: string): string {
  return value === '' ? 'empty' : `\`${value}\``;
}
