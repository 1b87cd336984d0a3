/** Retry, breaker and timeout as one writes them by hand in an afternoon. */

export const retry = async <A>(call: () => Promise<A>, attempts = 3): Promise<A> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call()
    } catch (error) {
      if (attempt >= attempts) throw error
    }
  }
}

export class Breaker {
  private failures = 0
  private openUntil = 0
  constructor(
    private readonly threshold: number,
    private readonly openMillis: number
  ) {}
  async execute<A>(call: () => Promise<A>): Promise<A> {
    if (this.openUntil > Date.now()) throw new Error("open")
    try {
      const answer = await call()
      this.failures = 0
      return answer
    } catch (error) {
      if (++this.failures >= this.threshold) this.openUntil = Date.now() + this.openMillis
      throw error
    }
  }
}

export const timeout = <A>(call: (signal: AbortSignal) => Promise<A>, millis: number): Promise<A> => {
  const controller = new AbortController()
  return new Promise<A>((resolve, reject) => {
    const timer = setTimeout(() => {
      controller.abort()
      reject(new Error("timeout"))
    }, millis)
    call(controller.signal)
      .then(resolve, reject)
      .finally(() => clearTimeout(timer))
  })
}

export const full = (call: (signal: AbortSignal) => Promise<number>): (() => Promise<number>) => {
  const breaker = new Breaker(5, 60_000)
  return () => retry(() => breaker.execute(() => timeout(call, 30_000)))
}
