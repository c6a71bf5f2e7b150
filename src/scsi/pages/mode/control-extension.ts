import { ControlExtensionPage } from '../../standard/mode.ts';
import type { ModePage } from '../mode-page.ts';

/** 0Ah, 01h: implicit asymmetric access is on. */
export const controlExtensionPage: ModePage = {
  name: 'Control Extension',
  pageCode: 0x0a,
  subpageCode: 0x01,
  layout: ControlExtensionPage,
  encode: (page) => ControlExtensionPage.ialuae.set(page, 1),
  changeable: [],
};
