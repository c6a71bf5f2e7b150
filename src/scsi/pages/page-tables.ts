import { assert } from '../../base/assert.ts';

/**
 * The rows of a table of pages in the order in which they are reported to initiators; checked once.
 */
export function ascendingPages<
  Page extends { readonly name: string; readonly pageCode: number; readonly subpageCode?: number },
>(pages: readonly Page[]): readonly Page[] {
  let before = -1;
  for (const { name, pageCode, subpageCode = 0 } of pages) {
    assert(name.length > 0, `page ${pageCode} has a name`);
    assert(pageCode >= 0 && pageCode <= 0xff, `the page code of ${name} is one byte`);
    assert(subpageCode >= 0 && subpageCode <= 0xff, `the subpage code of ${name} is one byte`);
    const code = pageCode * 0x100 + subpageCode;
    assert(code > before, `the page code of ${name} is above those before it`);
    before = code;
  }
  return pages;
}
