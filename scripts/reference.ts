// Writes the pages of docs/reference that come from tables of the program. A test fails when one
// is out of date.

import { mkdirSync, writeFileSync } from 'node:fs';
import { cephSettingsReference } from '../src/ceph/reference.ts';
import { cliReference } from '../src/cli/reference.ts';
import { documentReference } from '../src/config/reference.ts';
import { errorReference } from '../src/control/reference.ts';
import { iscsiReference } from '../src/iscsi/reference.ts';
import { logReference } from '../src/log/reference.ts';
import { metricsReference } from '../src/metrics/reference.ts';
import { scsiReference } from '../src/scsi/reference.ts';

const folder = new URL('../docs/reference/', import.meta.url);

mkdirSync(folder, { recursive: true });
writeFileSync(new URL('ceph-settings.md', folder), cephSettingsReference());
writeFileSync(new URL('cli.md', folder), cliReference());
writeFileSync(new URL('document.md', folder), documentReference());
writeFileSync(new URL('errors.md', folder), errorReference());
writeFileSync(new URL('iscsi.md', folder), iscsiReference());
writeFileSync(new URL('log-events.md', folder), logReference());
writeFileSync(new URL('metrics.md', folder), metricsReference());
writeFileSync(new URL('scsi.md', folder), scsiReference());
