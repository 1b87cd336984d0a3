import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import * as GatewayConfig from "effect-resilience/gateway/GatewayConfig"

const upstreams = { a: { baseUrl: "https://a.example/v1", dialect: "openai" } }
const routes = [{ model: "m", targets: [{ upstream: "a" }] }]

it.effect("W5: a mistake that is often made is told in a sentence that says what to write", () =>
  Effect.gen(function* () {
    const told = (input: unknown) => Effect.map(Effect.flip(GatewayConfig.decode(input)), ({ message }) => message)
    expect(yield* told(null)).toBe('the configuration is null, and has to be an object with "upstreams" and "routes"')
    expect(yield* told({ upstreams: { a: { ...upstreams.a, dialect: "openia" } }, routes, delivery: "streamed" })).toBe(
      'upstreams.a.dialect is "openia", and has to be "openai" or "anthropic"\n' +
        'delivery is "streamed", and has to be "incremental" or "buffered"'
    )
    const whole = { a: { ...upstreams.a, baseUrl: "https://a.example/v1/chat/completions" } }
    expect(yield* told({ upstreams: whole, routes })).toBe(
      "upstreams.a.baseUrl ends with /chat/completions, which is added to it; it ends before that"
    )
  })
)

const told = (input: object) =>
  Effect.map(Effect.flip(GatewayConfig.decode({ upstreams, routes, ...input })), ({ message }) => message)

/** What is wrong, and the line that says so. No word of the schema's own types is in it, and nothing is said twice. */
const lines: ReadonlyArray<readonly [wrong: object, line: string]> = [
  [{ listen: 8787 }, "listen is 8787, and has to be an object with host, port"],
  [{ listen: { port: 70_000 } }, "listen.port is 70000, and has to be a whole number from 0 to 65535"],
  [{ listen: { host: "" } }, 'listen.host is "", and has to be a text that is not empty'],
  [{ upstreams: [] }, "upstreams is empty, and has to be an object of upstreams by their names"],
  [
    { upstreams: { a: { baseUrl: "https://a.example" } } },
    'upstreams.a.dialect is missing, and has to be "openai" or "anthropic"'
  ],
  [
    { upstreams: { a: { ...upstreams.a, baseUrl: "a.example" } } },
    'upstreams.a.baseUrl is "a.example", and has to be an address of http or https, without a user or a query'
  ],
  [
    { upstreams: { a: { ...upstreams.a, baseUrl: "ftp://me:secret@a.example" } } },
    "upstreams.a.baseUrl has to be an address of http or https, without a user or a query"
  ],
  [{ upstreams: { a: { ...upstreams.a, headers: { b: 3 } } } }, "upstreams.a.headers.b is 3, and has to be a text"],
  [
    { routes: [{ model: "m", targets: [{ upstream: "a", prices: { input: -1, output: 1 } }] }] },
    "routes[0].targets[0].prices.input is -1, and has to be a number of at least 0"
  ],
  [
    { clients: [{ name: "c", key: "KEY", budget: { limit: 5 } }] },
    "routes[0].targets[0].prices is missing, and clients[0].budget has no prices for targets without"
  ],
  [
    {
      routes: [
        { model: "m", targets: [{ upstream: "a", policy: { attemptTimeout: "5 seconds" } }] },
        { model: "n", targets: [{ upstream: "a", model: "m" }] }
      ]
    },
    "routes[1].targets[0] is a/m, as routes[0].targets[0] is, and has to have the same policy and prices"
  ],
  [{ routes: [] }, "routes is empty, and has to be a list of at least one"],
  [{ routes: { m: {} } }, "routes is an object, and has to be a list of at least one"],
  [
    { routes: [{ model: "m", targets: ["a"] }] },
    'routes[0].targets[0] is "a", and has to be an object with upstream, model, contextWindow, capabilities, weight, prices, policy'
  ],
  [
    { routes: [{ model: "m", targets: [{ upstream: "a", capabilities: "tools" }] }] },
    'routes[0].targets[0].capabilities is "tools", and has to be a list of "tools", "images" or "structuredOutput"'
  ],
  [
    { routes: [{ model: "m", targets: [{ upstream: "a" }], fallbacks: 3 }] },
    "routes[0].fallbacks is 3, and has to be true or false or a list of at least one"
  ],
  [{ policy: { retry: { maxAttempts: 0 } } }, "policy.retry.maxAttempts is 0, and has to be a whole number above 0"],
  [{ policy: { retry: { factor: 0.5 } } }, "policy.retry.factor is 0.5, and has to be a number of at least 1"],
  [
    { policy: { bulkhead: 5 } },
    "policy.bulkhead is 5, and has to be an object with maxConcurrent, maxQueued, maxWait, or false"
  ],
  [
    { policy: { deadline: "2 minuten" } },
    'policy.deadline is "2 minuten", and has to be a duration, such as "30 seconds", or false'
  ],
  [
    { policy: { bulkhead: { maxConcurrent: 1, queue: 1 } } },
    "policy.bulkhead.queue is no name that is known here; there are maxConcurrent, maxQueued, maxWait"
  ],
  [
    { policy: { rateLimit: { requests: { limit: 5, per: "0 seconds" } } } },
    'policy.rateLimit.requests.per is "0 seconds", and has to be a duration above 0, such as "1 minute"'
  ],
  [{ cors: { origins: [] } }, "cors.origins is empty, and has to be a list of at least one"],
  [{ cors: ["*"] }, "cors is a list, and has to be an object with origins"],
  ...[
    "https://app.example/",
    "app.example",
    "https://*.example",
    "https://App.example",
    "https://app.example:443",
    "http://app.example:80",
    "https://me@app.example"
  ].map(
    (origin) =>
      [
        { cors: { origins: [origin] } },
        `cors.origins[0] is "${origin}", and has to be an origin as browsers write it, such as "https://app.example", or "*" for all`
      ] as const
  ),
  [
    { admin: { key: "sk-abc" } },
    "admin.key has to be the name of an environment variable, in capital letters; the secret itself has no place here"
  ]
]

for (const [wrong, line] of lines) {
  it.effect(`W5: ${line}`, () => Effect.map(told(wrong), (said) => expect(said).toBe(line)))
}

it.effect("any origin that a browser may write is one", () =>
  Effect.gen(function* () {
    const origins = ["http://localhost:3000", "https://app.example:8443", "app://obsidian.md", "http://[::1]:8080", "*"]
    const { cors } = yield* GatewayConfig.decode({ upstreams, routes, cors: { origins } })
    expect(cors?.origins).toEqual(origins)
  })
)
