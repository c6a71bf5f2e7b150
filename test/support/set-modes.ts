import type { LogicalUnit } from '../../src/scsi/logical-unit.ts';
import type { ModeParameters } from '../../src/scsi/mode-parameters.ts';

/** Sets mode parameters, also those that no MODE SELECT changes; no nexus is told. */
export function setModes(
  unit: LogicalUnit,
  parameters: Partial<ModeParameters>,
  which: 'current' | 'saved' = 'current',
): void {
  // One gateway commits at once.
  void unit.commit((state) => {
    const current = { ...state.modes.current, ...parameters };
    const saved = which === 'saved' ? current : state.modes.saved;
    const next = { ...state, modes: { ...state.modes, current, saved } };
    return { next, event: { aborts: 'nothing', attentions: [] } };
  });
}
