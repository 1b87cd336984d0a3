let calls = 0

/**
 * Numbers the calls of a process, so that the events of one call can be told from those of another.
 *
 * @internal
 */
export const nextCall = (): number => ++calls
