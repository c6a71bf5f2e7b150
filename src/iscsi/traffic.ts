/** What passed through a gateway, for its live figures. Counts since the start. */
export class Traffic {
  reads = 0;
  writes = 0;
  otherCommands = 0;
  bytesRead = 0;
  bytesWritten = 0;

  /** One ended command, with the data that it moved. */
  count(bytesIn: number, bytesOut: number): void {
    if (bytesOut > 0) {
      this.writes++;
      this.bytesWritten += bytesOut;
    } else if (bytesIn > 0) {
      this.reads++;
      this.bytesRead += bytesIn;
    } else {
      this.otherCommands++;
    }
  }
}
