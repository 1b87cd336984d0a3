/**
 * What servers write where no reason stands yet: nothing, or their own language's word for nothing. Any other word ends
 * the answer, since new reasons keep being invented.
 */
const noReason = /^\s*(?:null|none|undefined|nil)?\s*$/i

/**
 * Whether a finish reason says that the answer is over.
 *
 * @internal
 */
export const isEnd = (reason: unknown): reason is string => typeof reason === "string" && !noReason.test(reason)
