/** The SQLSTATEs that schema drill raises; docs/errors.md says the same, and a test compares both with sql/. */
export const errorCodes = {
  RD001: 'verification failed',
  RD002: 'could not verify',
  RD003: 'no baseline is stored in this database',
  RD004: 'no such baseline in this database',
  RD005: 'a baseline cannot be captured without a hole',
  RD006: 'not a depth',
  RD007: 'cannot register: no such object, or a wrong argument',
  RD008: 'a policy is not set',
  RD009: 'the RPC that exists cannot be replaced',
  RD010: 'the probe row is taken back',
  RD011: 'cannot record the drill: the document is no drill',
  RD012: 'the drill is recorded already, with another state or proof',
} as const
