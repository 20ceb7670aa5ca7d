import type { CheckResult } from '../database/contract.ts'
import type { Transport } from '../database/open-socket.ts'

/**
 * What there is to say about the way on which all answers of a target came.
 * @param variable the environment variable of its URL
 * @returns the row of the check transport: never a failure, for what was read is judged by the other checks
 */
export function judgeTransport(transport: Transport, variable: string): CheckResult {
  const row = { check_name: 'transport', object_name: null, expected: 'encrypted' }
  if (transport.protocol !== null) {
    return { ...row, status: 'pass', detail: encrypted(transport), hint: null, actual: 'encrypted' }
  }
  if (transport.isLocal) {
    const detail = 'the connection does not leave this machine: there is nothing to encrypt'
    return { ...row, status: 'skip', detail, hint: null, actual: 'local' }
  }
  return {
    ...row,
    status: 'warn',
    detail: 'the connection is not encrypted: others on the network could read and change the answers',
    hint: `Add sslmode=verify-full and sslrootcert=FILE to ${variable}, or at least sslmode=require.`,
    actual: 'plain text',
  }
}

function encrypted({ protocol, verified }: Transport): string {
  switch (verified) {
    case 'name':
      return `the connection is encrypted (${protocol}), and the server proved that it is the one of the URL`
    case 'authority':
      return `the connection is encrypted (${protocol}), and the authority vouches for the server, but not for its name`
    default:
      return `the connection is encrypted (${protocol}); whether the server is the one of the URL was not checked`
  }
}
