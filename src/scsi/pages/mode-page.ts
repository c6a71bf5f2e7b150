import { assert } from '../../base/assert.ts';
import type { Field, Layout } from '../../base/bytes/layout.ts';
import type { ModeParameters } from '../mode-parameters.ts';
import { ALL_PAGES, ModePageHeader, ModeSubpageHeader } from '../standard/mode.ts';

/** One mode page or subpage: a row of the table that MODE SENSE and MODE SELECT work from. */
export interface ModePage {
  /** The standard's name: `Control`. */
  readonly name: string;
  readonly pageCode: number;
  /** 00h: a page without SPF. */
  readonly subpageCode: number;
  /** The page with its header. */
  readonly layout: Layout;
  /** Fills in the values; what it leaves is zero. */
  encode(page: Uint8Array, parameters: Readonly<ModeParameters>): void;
  /** The fields that MODE SELECT may change. */
  readonly changeable: readonly ChangeableField[];
  /** The field whose value does not go with that of another one, if there is one. */
  conflict?(parameters: Readonly<ModeParameters>): Field | undefined;
}

interface ChangeableField {
  readonly field: Field;
  /** Other values are reserved, and refused; all are meant when left out. */
  readonly values?: readonly number[];
  /** Applies a value that MODE SELECT sent. */
  apply(parameters: ModeParameters, value: number): void;
}

/** The row, checked once: what MODE SELECT may change lies in the page, behind its header. */
export function modePage(page: ModePage): ModePage {
  const { name, layout, changeable, pageCode } = page;
  const { length, usage } = layout.$;
  assert(pageCode < ALL_PAGES, `${name} has a page code of its own`);
  assert(length > headerLength(page), `${name} has more than a header`);
  if (page.subpageCode === 0) assert(length <= 0xff + 2, `the page length of ${name} is one byte`);
  for (const { field } of changeable) {
    assert(field.byte >= headerLength(page), `the header of ${name} does not change`);
    assert(field.byte + field.length <= length, `a changeable field of ${name} lies in it`);
    for (let at = field.byte; at < field.byte + field.length; at++) {
      assert((field.mask & ~usage[at]!) === 0, `a changeable field of ${name} has a meaning`);
    }
  }
  return page;
}

/** The whole page with these values. */
export function encodeModePage(page: ModePage, parameters: Readonly<ModeParameters>): Uint8Array {
  const bytes = withHeader(page);
  page.encode(bytes, parameters);
  assert(ModePageHeader.pageCode.get(bytes) === page.pageCode, 'a page keeps its header');
  return bytes;
}

/** The whole page with ones for what MODE SELECT may change. */
export function encodeChangeable(page: ModePage): Uint8Array {
  const bytes = withHeader(page);
  for (const { field } of page.changeable) field.set(bytes, 2 ** 31 - 1);
  return bytes;
}

/** Length of the page's header: four bytes with SPF. */
function headerLength(page: ModePage): number {
  return page.subpageCode === 0 ? ModePageHeader.$.length : ModeSubpageHeader.$.length;
}

function withHeader(page: ModePage): Uint8Array {
  const bytes = new Uint8Array(page.layout.$.length);
  const length = bytes.length - headerLength(page);
  ModePageHeader.pageCode.set(bytes, page.pageCode);
  // What can be changed can be saved.
  ModePageHeader.ps.set(bytes, page.changeable.length > 0 ? 1 : 0);
  if (page.subpageCode === 0) {
    ModePageHeader.pageLength.set(bytes, length);
  } else {
    ModeSubpageHeader.spf.set(bytes, 1);
    ModeSubpageHeader.subpageCode.set(bytes, page.subpageCode);
    ModeSubpageHeader.pageLength.set(bytes, length);
  }
  return bytes;
}
