import pRetry from "p-retry"

export const retries = (call: () => Promise<number>): Promise<number> => pRetry(call, { retries: 2 })
export const retriesAtOnce = (call: () => Promise<number>): Promise<number> =>
  pRetry(call, { retries: 2, minTimeout: 0, maxTimeout: 0 })
