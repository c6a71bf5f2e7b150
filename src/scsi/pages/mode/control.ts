import {
  ControlPage,
  QueueErrorManagement,
  TaskSetType,
  UnitAttentionInterlock,
} from '../../standard/mode.ts';
import type { ModePage } from '../mode-page.ts';

/** 0Ah: task sets, errors, unit attentions, sense format and software write protection. */
export const controlPage: ModePage = {
  name: 'Control',
  pageCode: 0x0a,
  subpageCode: 0x00,
  layout: ControlPage,
  encode: (page, parameters) => {
    ControlPage.tst.set(page, parameters.tst);
    ControlPage.dSense.set(page, parameters.dSense ? 1 : 0);
    // No log parameter is ever saved: there is none.
    ControlPage.gltsd.set(page, 1);
    ControlPage.queueAlgorithmModifier.set(page, parameters.queueAlgorithmModifier);
    ControlPage.qerr.set(page, parameters.qerr);
    ControlPage.uaIntlckCtrl.set(page, parameters.uaIntlckCtrl);
    ControlPage.swp.set(page, parameters.swp ? 1 : 0);
    ControlPage.tas.set(page, parameters.tas ? 1 : 0);
  },
  changeable: [
    {
      field: ControlPage.tst,
      values: Object.values(TaskSetType),
      apply: (parameters, value) => {
        parameters.tst = value;
      },
    },
    {
      field: ControlPage.dSense,
      apply: (parameters, value) => {
        parameters.dSense = value === 1;
      },
    },
    {
      field: ControlPage.qerr,
      values: Object.values(QueueErrorManagement),
      apply: (parameters, value) => {
        parameters.qerr = value;
      },
    },
    {
      field: ControlPage.uaIntlckCtrl,
      values: Object.values(UnitAttentionInterlock),
      apply: (parameters, value) => {
        parameters.uaIntlckCtrl = value;
      },
    },
    {
      field: ControlPage.swp,
      apply: (parameters, value) => {
        parameters.swp = value === 1;
      },
    },
    {
      field: ControlPage.tas,
      apply: (parameters, value) => {
        parameters.tas = value === 1;
      },
    },
  ],
  // Each error would have to abort commands at every gateway.
  conflict: ({ tst, qerr }) =>
    tst === TaskSetType.shared && qerr !== QueueErrorManagement.continue
      ? ControlPage.qerr
      : undefined,
};
