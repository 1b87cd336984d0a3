/** What is called: something that costs nothing, something that fails, and something that takes a millisecond. */

export const answers = async (): Promise<number> => 42

export const fails = async (): Promise<number> => {
  throw new Error("upstream")
}

/** Fails at every other call, beginning with the first. */
export const recovers = (): (() => Promise<number>) => {
  let calls = 0
  return async () => {
    if (calls++ % 2 === 0) throw new Error("upstream")
    return 42
  }
}

export const takesAMillisecond = (): Promise<number> => new Promise((resolve) => setTimeout(() => resolve(42), 1))
