import { assert } from '../base/assert.ts';

/** A row of the catalogue: one metric with all of its series. */
export interface Metric {
  /** As Prometheus has it: prefix, base unit last, `_total` behind a counter. */
  readonly name: string;
  readonly kind: MetricKind;
  readonly unit: 'commands' | 'operations' | 'bytes' | 'seconds';
  readonly help: string;
  /** Names of the labels that tell its series apart. */
  readonly labels: readonly string[];
}

type MetricKind = 'counter' | 'histogram';

const NAME = /^allpath(_[a-z]+)+$/;
const LABEL = /^[a-z]+(_[a-z]+)*$/;

/** Asserts what Prometheus and its users expect of names. */
export function metric(definition: Metric): Metric {
  const { name, kind, unit, help, labels } = definition;
  const suffix = kind === 'counter' ? '_total' : `_${unit}`;
  assert(NAME.test(name) && name.endsWith(suffix), `the name ${name} says kind and unit`);
  assert(unit !== 'bytes' || name.includes('_bytes'), `the name ${name} says its unit`);
  assert(/[^.]$/.test(help), `the help of ${name} is one phrase without a full stop`);
  for (const label of labels) assert(LABEL.test(label), `${label} is a label of ${name}`);
  assert(new Set(labels).size === labels.length, `each label of ${name} is there once`);
  return Object.freeze(definition);
}
