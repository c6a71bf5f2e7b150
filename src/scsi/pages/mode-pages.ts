import { ALL_PAGES, ALL_SUBPAGES } from '../standard/mode.ts';
import { cachingPage } from './mode/caching.ts';
import { controlPage } from './mode/control.ts';
import { controlExtensionPage } from './mode/control-extension.ts';
import { informationalExceptionsPage } from './mode/informational-exceptions.ts';
import { readWriteErrorRecoveryPage } from './mode/read-write-error-recovery.ts';
import { type ModePage, modePage } from './mode-page.ts';
import { ascendingPages } from './page-tables.ts';

/** Every mode page, by ascending page and subpage code. */
export const modePages: readonly ModePage[] = ascendingPages(
  [
    readWriteErrorRecoveryPage,
    cachingPage,
    controlPage,
    controlExtensionPage,
    informationalExceptionsPage,
  ].map(modePage),
);

/** The page of exactly that code, if there is one. */
export function findModePage(pageCode: number, subpageCode: number): ModePage | undefined {
  return modePages.find((page) => page.pageCode === pageCode && page.subpageCode === subpageCode);
}

/**
 * The pages that MODE SENSE asks for: 3Fh all pages, FFh also their subpages. None when the page
 * or subpage is not there, or a code asks for a certain subpage of all pages.
 */
export function selectModePages(pageCode: number, subpageCode: number): readonly ModePage[] {
  const everySubpage = subpageCode === ALL_SUBPAGES;
  if (pageCode === ALL_PAGES) {
    if (everySubpage) return modePages;
    return subpageCode === 0 ? modePages.filter((page) => page.subpageCode === 0) : [];
  }
  return modePages.filter(
    (page) => page.pageCode === pageCode && (everySubpage || page.subpageCode === subpageCode),
  );
}
