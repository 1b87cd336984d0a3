/**
 * The platform's turn: promises that are settled tell so, and what runs on its own scheduler runs. What such a promise puts
 * off to the end of the turn, as a reader of streams does, stands behind us in the queue, so it takes a second one.
 *
 * @internal
 */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
