/** Why a request got no answer, for the result row. */
export interface Problem {
  text: string
  /** What to do, as a full sentence. */
  hint: string
  /** Nothing that listens there could be spoken to, so the other requests would fare no better. */
  isUnreachable: boolean
}

const certificates: Record<string, string> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate comes from an authority that is not known here',
  UNABLE_TO_GET_ISSUER_CERT: 'its certificate comes from an authority that is not known here',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate comes from an authority that is not known here',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate comes without those that vouch for it',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host',
}

/**
 * Words for a failed request. The message of the error is not repeated: it may hold what was sent.
 * @param code of Node, OpenSSL or the HTTP parser
 */
export function problemOf(code: string | undefined, variable: string): Problem {
  const unreachable = (text: string, hint: string): Problem => ({ text, hint, isUnreachable: true })
  const certificate = certificates[code ?? '']
  if (certificate !== undefined) {
    return unreachable(
      `${certificate} (${code})`,
      'Give the app a certificate that is trusted, or name the authority for this run: NODE_EXTRA_CA_CERTS=FILE.pem.',
    )
  }
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'ENODATA':
      return unreachable(`the host name is not known (${code})`, `Check the host in ${variable}, and the name server.`)
    case 'ECONNREFUSED':
      return unreachable(
        'nothing listens there: the connection was refused',
        `Start the restored app, or correct host and port in ${variable}.`,
      )
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'EADDRNOTAVAIL':
      return unreachable(`no way leads to that host (${code})`, `Check the network, and the host in ${variable}.`)
    case 'ETIMEDOUT':
      return unreachable(
        'the connection was not accepted in time',
        `Check the firewall, and host and port in ${variable}.`,
      )
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'EPROTO':
      return unreachable(
        `what listens there does not speak TLS (${code})`,
        `Write http:// instead of https://, or name the port of the app, in ${variable}.`,
      )
    case 'ERR_INVALID_CHAR':
      return {
        text: 'it could not be sent: the value of a header holds a character that no header may hold',
        hint: 'Look for line ends and letters beyond ASCII in the environment variables of the probes.',
        isUnreachable: false,
      }
    case 'ECONNRESET':
    case 'EPIPE':
      return {
        text: 'the connection was cut before the answer was complete',
        hint: `Look at the log of the app; a port that wants https:// (in ${variable}) does the same.`,
        isUnreachable: false,
      }
    default:
      if (code?.startsWith('HPE_')) {
        return unreachable(
          `what listens there does not answer in HTTP (${code})`,
          `Name the port of the app in ${variable}; another server may be there, or one that wants https://.`,
        )
      }
      if (code?.startsWith('ERR_SSL') || code?.startsWith('ERR_TLS')) {
        return unreachable(
          `no TLS connection came about (${code})`,
          'Look at the certificate and the TLS versions of the app.',
        )
      }
      return {
        text: `the request failed (${code ?? 'unknown reason'})`,
        hint: `Look at the log of the app, and at ${variable}.`,
        isUnreachable: false,
      }
  }
}
