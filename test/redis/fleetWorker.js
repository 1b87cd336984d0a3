/** One process of a fleet: it does what its parent says, and tells how it went. */
import { Context, Duration, Effect, Exit, Layer, ManagedRuntime } from "effect";
import { CircuitBreaker, LlmError, RateLimit, ResilienceEvent, SharedState } from "effect-resilience";
import * as RedisSharedState from "effect-resilience/redis/RedisSharedState";
const policies = ({ limit, openMillis, patience, probeMillis, redis }) => Layer.merge(CircuitBreaker.layer({
    tripPolicy: CircuitBreaker.consecutive(5),
    openDuration: openMillis,
    halfOpen: { probes: 1, successes: 1, probeTimeout: probeMillis },
    parking: { whenParked: "reject" }
}), RateLimit.layer({ requests: limit ?? { limit: 1_000_000 }, maxWait: "10 minutes" })).pipe(Layer.provideMerge(RedisSharedState.layer({ url: redis, patience })), Layer.provideMerge(ResilienceEvent.layer({ capacity: 10_000 })));
const ask = (provider) => Effect.tryPromise({
    try: (signal) => fetch(provider, { signal }),
    catch: () => new LlmError.ConnectionFailed({ sent: "maybe" })
}).pipe(Effect.flatMap((response) => {
    const wait = response.headers.get("retry-after");
    if (response.ok)
        return Effect.void;
    return response.status === 429
        ? Effect.fail(new LlmError.RateLimited({ retryAfter: Duration.seconds(Number(wait)) }))
        : Effect.fail(new LlmError.ServerError({ status: response.status }));
}));
const make = (settings) => {
    const runtime = ManagedRuntime.make(policies(settings));
    const said = [];
    const events = Effect.gen(function* () {
        const queue = yield* ResilienceEvent.subscribe;
        yield* Effect.forever(Effect.tap(queue.take, ({ _tag }) => Effect.sync(() => _tag.startsWith("Store") && said.push(_tag))));
    });
    runtime.runFork(Effect.scoped(events));
    const load = async (key, perSecond, millis) => {
        const context = await runtime.runPromise(Effect.context());
        const breaker = Context.get(context, CircuitBreaker.CircuitBreaker);
        const took = [];
        const calls = [];
        let failed = 0;
        const from = performance.now();
        while (performance.now() - from < millis) {
            const due = ((performance.now() - from) / 1_000) * perSecond;
            while (calls.length < due) {
                const at = performance.now();
                calls.push(Effect.runPromiseExit(Effect.void.pipe(breaker.execute({ key }))).then((exit) => {
                    took.push(performance.now() - at);
                    if (Exit.isFailure(exit))
                        failed++;
                }));
            }
            await new Promise((resolve) => setTimeout(resolve, 4));
        }
        await Promise.all(calls);
        return { calls: calls.length, failed, longest: Math.max(...took), over60: took.filter((time) => time > 60).length };
    };
    const limited = async (millis) => {
        const context = await runtime.runPromise(Effect.context());
        const limit = Context.get(context, RateLimit.RateLimit);
        const sent = [];
        const until = Date.now() + millis;
        const call = Effect.sync(() => sent.push(Date.now())).pipe(limit.protect("limited"));
        await Effect.runPromise(Effect.timeoutOption(Effect.forever(call), Math.max(1, until - Date.now())));
        return sent;
    };
    return async (order) => {
        switch (order._tag) {
            case "Call": {
                const call = Effect.flatMap(CircuitBreaker.CircuitBreaker, (breaker) => ask(settings.provider).pipe(breaker.execute({ key: order.key })));
                const exit = await runtime.runPromiseExit(Effect.flip(call));
                return Exit.isSuccess(exit) ? exit.value._tag : "Success";
            }
            case "Load":
                return load(order.key, order.perSecond, order.millis);
            case "Limited":
                return limited(order.millis);
            case "State":
                return runtime.runPromise(Effect.flatMap(CircuitBreaker.CircuitBreaker, (breaker) => Effect.map(breaker.state(order.key), ({ _tag }) => _tag)));
            case "Status":
                return {
                    ...(await runtime.runPromise(Effect.flatMap(SharedState.SharedState, ({ status }) => status))),
                    said
                };
        }
    };
};
let act;
process.on("message", async ({ id, order }) => {
    if (order._tag === "Make") {
        act = make(order.settings);
        await act({ _tag: "Status" });
        process.send?.({ id, result: undefined });
    }
    else
        process.send?.({ id, result: await act?.(order) });
});
