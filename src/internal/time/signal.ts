/**
 * Something that happens at most once, and not yet: calls `listener` when it does, and gives back the way to stop
 * listening.
 *
 * @internal
 */
export type Signal = (listener: () => void) => () => void
