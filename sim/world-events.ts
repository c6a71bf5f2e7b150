import { type DocumentStepKind, documentSteps } from './administrator/document-steps.ts';
import { type UnitEventKind, unitEvents } from './initiator/unit-events.ts';

/** What initiators and administrators do to the logical unit beside reading and writing it. */
export type WorldEvent = UnitEventKind | DocumentStepKind;

/** All of it, which is in every seed unless others are asked for. */
export const worldEvents = [
  ...(Object.keys(unitEvents) as UnitEventKind[]),
  ...(Object.keys(documentSteps) as DocumentStepKind[]),
] satisfies readonly WorldEvent[];

export function isUnitEvent(event: WorldEvent): event is UnitEventKind {
  return event in unitEvents;
}

export function isDocumentStep(event: WorldEvent): event is DocumentStepKind {
  return event in documentSteps;
}
