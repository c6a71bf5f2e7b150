// Proves that names follow the rules of Prometheus, that every metric of the catalogue is counted,
// and that the reference page says what the catalogue says.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { catalogue } from '../../../src/metrics/catalogue.ts';
import { type Metric, metric } from '../../../src/metrics/metric.ts';
import { Metrics } from '../../../src/metrics/metrics.ts';
import { metricsReference } from '../../../src/metrics/reference.ts';
import { Series } from '../../../src/metrics/series.ts';

const page = readFileSync(new URL('../../../docs/reference/metrics.md', import.meta.url), 'utf8');
const good: Metric = catalogue.diskErrors;

test('the page is up to date (node scripts/reference.ts)', () => {
  assert.equal(page, metricsReference());
});

test('the page has every metric and every label, and no other', () => {
  const named = [...page.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name).sort();
  const metrics: readonly Metric[] = Object.values(catalogue);
  const labels = new Set(metrics.flatMap((each) => each.labels));
  assert.deepEqual(named, [...metrics.map(({ name }) => name), ...labels].sort());
});

test('a gateway counts every metric of the catalogue, each under its own name', () => {
  const counted = Object.entries(new Metrics()).flatMap(([name, value]) =>
    value instanceof Series ? [[name, value.metric]] : [],
  );
  assert.deepEqual(counted, Object.entries(catalogue));
});

test('names and labels that Prometheus or its users would stumble over are refused', () => {
  const wrong: readonly Partial<Metric>[] = [
    { name: 'commands_total' },
    { name: 'allpath_command_errors' },
    { name: 'allpath_commandErrors_total' },
    { kind: 'histogram' },
    { unit: 'bytes' },
    { help: 'A sentence.' },
    { labels: ['disk', 'disk'] },
    { labels: ['Disk'] },
  ];
  for (const each of wrong) assert.throws(() => metric({ ...good, ...each }), /./);
  assert.equal(metric({ ...good }).name, good.name);
});
