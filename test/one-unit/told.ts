/** ADDITIONAL SENSE CODE and QUALIFIER of the unit attentions that the suite expects. */
export const Code = {
  busDeviceReset: '2903',
  commandsCleared: '2f00',
  deviceIdentifierChanged: '3f05',
  modeParametersChanged: '2a01',
  reservationsPreempted: '2a03',
  reservationsReleased: '2a04',
  registrationsPreempted: '2a05',
  asymmetricAccessStateChanged: '2a06',
  capacityDataHasChanged: '2a09',
  inquiryDataHasChanged: '3f03',
} as const;
