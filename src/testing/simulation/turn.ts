/** The platform's turn: promises that are settled tell so, and what runs on its own scheduler runs. @internal */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
