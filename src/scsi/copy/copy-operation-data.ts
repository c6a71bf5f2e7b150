import { ByteWriter } from '../../base/bytes/byte-writer.ts';
import {
  CopyOperationData,
  CopyOperationStatus,
  NO_ESTIMATE,
  TransferCountUnits,
} from '../standard/copy-results.ts';
import { ROD_TOKEN_BYTES } from '../standard/rod-token.ts';
import { ThirdPartyCopyOut } from '../standard/third-party-copy.ts';
import type { CopyReport } from './identified-copies.ts';

/** RESTRICTED ID of a ROD token descriptor, and the token. */
const TOKEN_DESCRIPTOR_BYTES = 2 + ROD_TOKEN_BYTES;

/** The data of RECEIVE ROD TOKEN INFORMATION. */
export function tokenInformation(report: CopyReport): Uint8Array {
  const { token } = report;
  const list = new ByteWriter();
  if (token === undefined) list.u32(0);
  else list.u32(TOKEN_DESCRIPTOR_BYTES).u16(0).bytes(token);
  return operationData(report, list.finish());
}

/** The state of a copy, with what a service action adds. */
function operationData(report: CopyReport, more: Uint8Array): Uint8Array {
  const { serviceAction, state, sense = new Uint8Array(0) } = report;
  const Data = CopyOperationData;
  const head = new Uint8Array(Data.$.length);
  Data.responseToServiceAction.set(head, serviceAction);
  Data.copyOperationStatus.set(head, CopyOperationStatus[state]);
  Data.estimatedStatusUpdateDelay.set(head, NO_ESTIMATE);
  Data.lengthOfTheSenseDataField.set(head, sense.length);
  Data.senseDataLength.set(head, sense.length);
  Data.transferCountUnits.set(head, unitsOf(serviceAction));
  Data.transferCount.set(head, report.transferCount);
  Data.segmentsProcessed.set(head, report.segmentsProcessed);
  const data = new ByteWriter().bytes(head).bytes(sense).bytes(more).finish();
  Data.availableData.set(data, data.length - Data.availableData.length);
  return data;
}

function unitsOf(serviceAction: number): number {
  const { populateToken, writeUsingToken } = ThirdPartyCopyOut;
  const isOfToken = serviceAction === populateToken || serviceAction === writeUsingToken;
  return isOfToken ? TransferCountUnits.blocks : TransferCountUnits.bytes;
}
