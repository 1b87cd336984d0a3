/**
 * Failures of the connection itself: Node's system errors, undici's, TLS, names, and what other runtimes and HTTP
 * clients call the same things.
 */

import type * as LlmError from "../internal/errors/llmError.js"
import * as Foreign from "../internal/errors/safeRead.js"
import { type Reading, sureness } from "./Reading.js"
import { isCodeShaped } from "./Safe.js"
import { table, type Verdict } from "./Verdict.js"

const neverSent: Verdict = { is: "ConnectionFailed", sent: "no" }
const broken: Verdict = { is: "ConnectionFailed", sent: "maybe" }
/** All that most clients and runtimes say of themselves; what it was hangs on them. */
const somehow: Verdict = { is: "ConnectionFailed", sent: "maybe" }
const hopeless: Verdict = { is: "ConnectionFailed", sent: "no", retryable: false }
const refusesProtocol: Verdict = { is: "ConnectionFailed", sent: "maybe", retryable: false }
const unreadable: Verdict = { is: "MalformedResponse" }
const cancelled: Verdict = { is: "Unclassified", cancelled: "aborted" }
const timedOut = (phase: LlmError.TimeoutPhase): Verdict => ({ is: "TimedOut", phase })

/** Codes of Node, c-ares, undici, node:http, node:http2, zlib, axios and Bun, by what they mean. */
// biome-ignore format: a table
const codes = table({
  // The request was never sent: repeating it is always safe.
  ECONNREFUSED: neverSent, ENOTFOUND: neverSent, EAI_AGAIN: neverSent, EAI_FAIL: neverSent, EAI_NODATA: neverSent,
  EAI_NONAME: neverSent, EAI_MEMORY: neverSent, EAI_SYSTEM: neverSent, ENODATA: neverSent, ESERVFAIL: neverSent,
  EHOSTUNREACH: neverSent, ENETUNREACH: neverSent, EHOSTDOWN: neverSent, ENETDOWN: neverSent,
  EADDRNOTAVAIL: neverSent, EMFILE: neverSent, ENFILE: neverSent, ENOBUFS: neverSent,
  UND_ERR_PRX_TLS: neverSent, UND_ERR_SOCKS5: neverSent,
  ConnectionRefused: neverSent, FailedToOpenSocket: neverSent, UnableToConnect: neverSent,

  // The connection broke; the request may have arrived.
  ECONNRESET: broken, EPIPE: broken, ECONNABORTED: broken, ENOTCONN: broken, ENETRESET: broken, ESHUTDOWN: broken,
  UND_ERR_SOCKET: broken, UND_ERR_CLOSED: broken, UND_ERR_DESTROYED: broken,
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: broken, UND_ERR_RESPONSE: broken,
  ERR_STREAM_PREMATURE_CLOSE: broken, ERR_STREAM_DESTROYED: broken, ERR_STREAM_WRITE_AFTER_END: broken,
  ERR_HTTP2_STREAM_ERROR: broken, ERR_HTTP2_STREAM_CANCEL: broken, ERR_HTTP2_SESSION_ERROR: broken,
  ERR_HTTP2_GOAWAY_SESSION: broken, ERR_HTTP2_INVALID_SESSION: broken, ERR_HTTP2_INVALID_STREAM: broken,
  ERR_NETWORK: broken, ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC: broken, ERR_SSL_SSLV3_ALERT_BAD_RECORD_MAC: broken,
  HPE_INVALID_EOF_STATE: broken, HPE_CLOSED_CONNECTION: broken,
  ConnectionReset: broken, ConnectionClosed: broken,

  // Somebody's clock ran out.
  UND_ERR_CONNECT_TIMEOUT: timedOut("connect"), ERR_SOCKET_CONNECTION_TIMEOUT: timedOut("connect"),
  ERR_TLS_HANDSHAKE_TIMEOUT: timedOut("connect"), ETIMEOUT: timedOut("connect"),
  UND_ERR_HEADERS_TIMEOUT: timedOut("attempt"), ETIMEDOUT: timedOut("attempt"), ESOCKETTIMEDOUT: timedOut("attempt"),
  ERR_SOCKET_TIMEOUT: timedOut("attempt"), ERR_HTTP_REQUEST_TIMEOUT: timedOut("attempt"),
  UND_ERR_BODY_TIMEOUT: timedOut("idle"),

  // The URL, a header or the client's own setting is wrong, and stays so.
  ERR_INVALID_URL: hopeless, ERR_INVALID_PROTOCOL: hopeless, ERR_UNSUPPORTED_PROTOCOL: hopeless,
  ERR_BAD_OPTION: hopeless, ERR_BAD_OPTION_VALUE: hopeless, ERR_NOT_SUPPORT: hopeless,
  ERR_INVALID_CHAR: hopeless, ERR_UNESCAPED_CHARACTERS: hopeless, ERR_INVALID_HTTP_TOKEN: hopeless,
  ERR_HTTP_INVALID_HEADER_VALUE: hopeless, ERR_INVALID_IP_ADDRESS: hopeless, ERR_SOCKET_BAD_PORT: hopeless,
  UND_ERR_INVALID_ARG: hopeless, UND_ERR_NOT_SUPPORTED: hopeless, UND_ERR_REQ_CONTENT_LENGTH_MISMATCH: hopeless,

  // The other side speaks something else.
  EPROTO: refusesProtocol, EPROTONOSUPPORT: refusesProtocol,
  UND_ERR_HEADERS_OVERFLOW: refusesProtocol, ERR_FR_TOO_MANY_REDIRECTS: refusesProtocol,
  ERR_HTTP2_ERROR: refusesProtocol, ERR_TOO_MANY_REDIRECTS: refusesProtocol,

  // The bytes came and cannot be unpacked.
  Z_DATA_ERROR: unreadable, Z_BUF_ERROR: unreadable, ERR_ENCODING_INVALID_ENCODED_DATA: unreadable,

  // The caller gave up.
  ABORT_ERR: cancelled, ERR_CANCELED: cancelled, UND_ERR_ABORTED: cancelled
})

/** Families of codes: OpenSSL has some hundred ways to say that a certificate will not do. */
const families: ReadonlyArray<readonly [prefix: string, verdict: Verdict]> = [
  ["CERT_", hopeless],
  ["ERR_TLS_CERT_", hopeless],
  ["ERR_TLS_", hopeless],
  ["UNABLE_TO_", hopeless],
  ["SELF_SIGNED_CERT", hopeless],
  ["DEPTH_ZERO_SELF_SIGNED", hopeless],
  ["ERROR_IN_CERT_", hopeless],
  ["HOSTNAME_MISMATCH", hopeless],
  ["INVALID_CA", hopeless],
  ["INVALID_PURPOSE", hopeless],
  ["PATH_LENGTH_EXCEEDED", hopeless],
  ["ERR_SSL_", hopeless],
  ["ERR_OSSL_", hopeless],
  ["HPE_", refusesProtocol],
  ["ERR_BROTLI_", unreadable],
  ["ERR__ERROR_FORMAT_", unreadable]
]

/** System calls that come before the first byte of a request. */
const beforeSending = /^(?:connect|getaddrinfo|query[A-Z0-9]*|bind|socket)$/

/** What errors call themselves, where there is no code. */
// biome-ignore format: a table
const byName = table({
  TimeoutError: timedOut("attempt"), ConnectTimeoutError: timedOut("connect"), HeadersTimeoutError: timedOut("attempt"),
  BodyTimeoutError: timedOut("idle"), TimeoutException: timedOut("attempt"), APIConnectionTimeoutError: timedOut("attempt"),
  APITimeoutError: timedOut("attempt"), RequestTimeoutError: timedOut("attempt"), RequestTimeout: timedOut("attempt"),
  APIUserAbortError: cancelled, AbortError: cancelled, RequestAbortedError: cancelled, CanceledError: cancelled,
  CancelledError: cancelled, InterruptedException: cancelled, ResponseAborted: cancelled,
  HTTPParserError: refusesProtocol, SocketError: broken,
  APIConnectionError: somehow, NetworkError: somehow, NetworkingError: somehow, ConnectionError: somehow
})

/** What the runtimes say, where there is neither code nor name. Whole messages or their beginnings. */
const wordings: ReadonlyArray<readonly [wording: RegExp, verdict: Verdict]> = [
  [/^client network socket disconnected before secure tls connection/, neverSent],
  [/^(?:tcp connect error|dns error|unable to connect\b|was there a typo in the url)/, neverSent],
  [
    /^(?:bad port|unknown scheme|failed to parse url|invalid url|only absolute urls|only http\(s\) protocols)/,
    hopeless
  ],
  [/cannot convert argument to a bytestring|is an invalid header value|invalid header (?:value|name)/, hopeless],
  [/^redirect count exceeded|^uri requested responds with an invalid redirect|^unexpected redirect/, refusesProtocol],
  [
    /^(?:request timed out|connection timed out|(?:the )?operation timed out|timeout of \d+ ?ms exceeded)/,
    timedOut("attempt")
  ],
  [
    /^(?:the operation was aborted due to timeout|network timeout at|response timeout while|headers timeout)/,
    timedOut("attempt")
  ],
  [/^(?:connect timeout|connection timeout)/, timedOut("connect")],
  [/^body timeout/, timedOut("idle")],
  [
    /^(?:request was aborted|this operation was aborted|the operation was aborted|the user aborted a request)/,
    cancelled
  ],
  [/^(?:signal is aborted without reason|canceled|bodystreambuffer was aborted|fetch is aborted)/, cancelled],
  [
    /^(?:fetch failed|failed to fetch|load failed|networkerror when attempting|network ?error\b|connection error)/,
    somehow
  ],
  [/^(?:terminated|socket hang up|other side closed|premature close|aborted$|socket closed|closed$)/, broken],
  [
    /^(?:the socket connection was closed|error reading a body|error decoding response body|connection (?:reset|closed))/,
    broken
  ],
  [
    /^(?:error sending request for url|network (?:connection )?lost|stream (?:was )?closed|invalid response body while)/,
    broken
  ]
]

/** The same where a wrapper, a proxy or another runtime put its own words around them. From the surest to the vaguest. */
const anywhere: ReadonlyArray<readonly [wording: RegExp, verdict: Verdict]> = [
  [/\berr_(?:cert|ssl)_|invalid peer certificate|certificate verify failed|self[- ]signed certificate/, hopeless],
  [/unable to (?:get (?:local )?issuer cert|verify the (?:first|leaf) cert)|certificate has expired/, hopeless],
  [/tunneling socket could not be established.{0,20}\b407\b/, hopeless],
  [/tunneling socket could not be established|unable to resolve host\b/, neverSent],
  [
    /\betimedout\b.{0,20}\bconnect|connect etimedout|und_err_connect_timeout|connect timeout error/,
    timedOut("connect")
  ],
  [/dial tcp.{0,120}(?:i\/o timeout|timed out)|err_connection_timed_out|connecttimeout\b/, timedOut("connect")],
  [
    /\betimedout\b|und_err_headers_timeout|\bi\/o timeout\b|network request timed out|readtimeout\b|err_timed_out/,
    timedOut("attempt")
  ],
  [/und_err_body_timeout|body timeout error/, timedOut("idle")],
  [/\b(?:econnrefused|enotfound|eai_again|eai_fail|ehostunreach|enetunreach|enetdown|ehostdown)\b/, neverSent],
  [/err_(?:name_not_resolved|internet_disconnected|connection_refused|address_unreachable)/, neverSent],
  [/\bconnection refused\b|no such host|no route to host|network is unreachable|could not resolve host/, neverSent],
  [/name or service not known|failure in name resolution|failed to lookup address|dns (?:error|lookup)/, neverSent],
  [/internet connection appears to be offline|hostname could not be found|could not connect to the server/, neverSent],
  [/all connection attempts failed|not connected to the internet|tcp connect error/, neverSent],
  [/\b(?:econnreset|epipe|econnaborted|und_err_socket|err_stream_premature_close)\b/, broken],
  [/err_(?:connection_(?:reset|closed|aborted)|network_changed|http2_protocol_error|incomplete_chunked)/, broken],
  [/\bsocket hang ?up\b|other side closed|premature close|broken pipe|unexpected (?:eof|end of stream)|\beof$/, broken],
  [/connection (?:was |has been |is )?(?:reset|lost|aborted|dropped|closed|terminated|forcibly closed)\b/, broken],
  [/\bnetwork connection (?:was )?lost|typeerror: terminated|(?:^|: )terminated$|server disconnected/, broken],
  [/remote end closed connection|incomplete chunked read|peer closed connection|upstream connect error/, broken],
  [/\bfetch failed\b|failed to fetch|(?:^|: )load failed|network request (?:failed|error)/, somehow],
  [/a network error occurred|\bnetworkerror\b|\bnetwork error\b|error sending request|connection error/, somehow]
]

const firstWords = (error: unknown): string => (Foreign.text(error, "message") ?? "").slice(0, 200).trim().toLowerCase()

/** A code, refined by the system call it came from and the words beside it. */
const refined = (code: string, error: unknown): Verdict | undefined => {
  const verdict = codes(code) ?? families.find(([prefix]) => code.startsWith(prefix))?.[1]
  const connecting = beforeSending.test(Foreign.text(error, "syscall") ?? "")
  // axios and superagent give a timeout of their own the code of a broken connection.
  if (code === "ECONNABORTED" && /\btime(?:d )?out\b/.test(firstWords(error))) return timedOut("attempt")
  if (code === "ETIMEDOUT")
    return connecting || Foreign.text(error, "event") === "connect" ? timedOut("connect") : verdict
  if (verdict === broken && (connecting || worded(error) === neverSent)) return neverSent
  // A connection that the machine itself forbids, or a socket file that is not there.
  return verdict ?? (connecting && /^E[A-Z0-9]{2,20}$/.test(code) ? hopeless : undefined)
}

/** The code of an error, which is the surest sign there is. (That of a `DOMException` is a number; its name says it.) */
const coded = (error: unknown): Verdict | undefined => {
  const code = Foreign.text(error, "code") ?? Foreign.text(error, "errno")
  if (code === undefined || code.length > 80) return undefined
  const verdict = refined(code, error)
  return verdict && (codes(code) !== undefined || isCodeShaped(code) ? { ...verdict, code } : verdict)
}

/** What an error calls itself, or its class. */
const named = (error: unknown): Verdict | undefined => {
  for (const name of Foreign.names(error)) {
    const verdict = byName(name)
    if (verdict !== undefined) return verdict
  }
  return undefined
}

/** What an error says, for runtimes and clients that leave nothing else. */
const worded = (error: unknown): Verdict | undefined => {
  const words = firstWords(error)
  return words === "" ? undefined : (wordings.find(([wording]) => wording.test(words))?.[1] ?? quoted(error))
}

/** What somebody's message quotes of it, at its beginning or its end. */
const quoted = (error: unknown): Verdict | undefined => {
  const message = Foreign.text(error, "message") ?? ""
  const bounded = message.length <= 600 ? message : `${message.slice(0, 400)} ${message.slice(-200)}`
  const words = bounded
    .trim()
    .toLowerCase()
    .replace(/[.!\s]+$/, "")
  return anywhere.find(([wording]) => wording.test(words))?.[1]
}

const heard = (sure: Reading["sure"], verdict: Verdict): Reading => ({
  sure: verdict === somehow ? sureness.vague : verdict.cancelled !== undefined ? sureness.cancelled : sure,
  verdict
})

/**
 * Reads a failure of the connection: by code, else by name, else by wording.
 *
 * @internal
 */
export const read = (error: object): Reading | undefined => {
  const byCode = coded(error)
  if (byCode !== undefined) return heard(sureness.certain, byCode)
  const byItsName = named(error)
  if (byItsName !== undefined) return heard(sureness.named, byItsName)
  return readWords(error)
}

/**
 * The same of an error that is told by its words alone.
 *
 * @internal
 */
export const readWords = (error: object): Reading | undefined => {
  const byItsWords = worded(error)
  return byItsWords && heard(sureness.worded, byItsWords)
}
