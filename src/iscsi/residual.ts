/** A command whose data transfer is over, as its residual counts see it. */
export interface Transfer {
  /** Bytes that the CDB asks to transfer. */
  readonly transferLength: number;
  /** True: those bytes are data-in. */
  readonly returnsData: boolean;
  readonly dataOutExpected: number;
  readonly dataInExpected: number;
  /** R and W are both set. */
  readonly bidirectional: boolean;
}

const OVERFLOW_FLAG = 0x04;
const UNDERFLOW_FLAG = 0x02;

/**
 * The difference from the Expected Data Transfer Length: above 0 an overflow, below 0 an underflow.
 */
export function residualOf(transfer: Transfer, dataInLength: number): number {
  const { transferLength, dataOutExpected } = transfer;
  if (transfer.bidirectional) return (transfer.returnsData ? 0 : transferLength) - dataOutExpected;
  if (dataOutExpected > 0) return transferLength - dataOutExpected;
  return readResidual(transfer, transferLength, dataInLength);
}

/** The second residual of a bidirectional command: that of its data-in. */
export function bidirectionalReadResidualOf(transfer: Transfer, dataInLength: number): number {
  return readResidual(transfer, transfer.returnsData ? transfer.transferLength : 0, dataInLength);
}

function readResidual({ dataInExpected }: Transfer, wanted: number, dataInLength: number): number {
  return (wanted > dataInExpected ? wanted : dataInLength) - dataInExpected;
}

/** The flag that goes with a residual count. */
export function residualFlag(residual: number): number {
  if (residual === 0) return 0;
  return residual > 0 ? OVERFLOW_FLAG : UNDERFLOW_FLAG;
}
