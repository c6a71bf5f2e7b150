/** Status-Class << 8 | Status-Detail of a Login Response (RFC 7143). */
export const LoginStatus = {
  success: 0x0000,
  targetMovedTemporarily: 0x0101,
  targetMovedPermanently: 0x0102,
  initiatorError: 0x0200,
  authenticationFailure: 0x0201,
  authorizationFailure: 0x0202,
  notFound: 0x0203,
  targetRemoved: 0x0204,
  unsupportedVersion: 0x0205,
  tooManyConnections: 0x0206,
  missingParameter: 0x0207,
  cannotIncludeInSession: 0x0208,
  sessionTypeNotSupported: 0x0209,
  sessionDoesNotExist: 0x020a,
  invalidDuringLogin: 0x020b,
  targetError: 0x0300,
  serviceUnavailable: 0x0301,
  outOfResources: 0x0302,
} as const;
export type LoginStatus = (typeof LoginStatus)[keyof typeof LoginStatus];

/** Stages of a login, as CSG and NSG code them (RFC 7143). */
export const LoginStage = {
  securityNegotiation: 0,
  operationalNegotiation: 1,
  fullFeaturePhase: 3,
} as const;
export type LoginStage = (typeof LoginStage)[keyof typeof LoginStage];

/** The one version of the protocol there is: Version-max, Version-min and Version-active. */
export const ISCSI_VERSION = 0;
