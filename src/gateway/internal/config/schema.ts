/**
 * The schema of a configuration.
 *
 * @internal
 */
import * as Schema from "effect/Schema"
import { says } from "../../../internal/options/allowed.js"
import { Budget, Prices, RoutePolicy, TargetPolicy } from "./policy.js"
import {
  Count,
  EnvironmentVariable,
  EnvironmentVariables,
  Limit,
  Name,
  Origin,
  optional,
  Port,
  Positive,
  Text,
  Time
} from "./words.js"

const Upstream = Schema.Struct({
  baseUrl: Schema.String.annotations({
    description: 'Up to where the path of the API itself begins: "https://api.openai.com/v1".'
  }),
  dialect: Schema.Literal("openai", "anthropic").annotations({
    description: "Whose wire format it speaks."
  }),
  keys: optional(
    EnvironmentVariables.annotations({
      description: "The environment variable that holds its key, or several, which are used in turn."
    })
  ),
  headers: optional(
    Schema.Record({ key: Schema.String, value: Schema.String }).annotations({
      description: "Headers that every request to it gets. They are no place for secrets."
    })
  ),
  policy: optional(TargetPolicy.annotations({ description: "What holds for all of its models." }))
})

const Target = Schema.Struct({
  upstream: Schema.String,
  model: optional(Text.annotations({ description: "The model's name there. Default: the name that was asked for." })),
  contextWindow: optional(
    Count.annotations({ description: "In tokens. It decides who may help with too long a prompt." })
  ),
  capabilities: optional(
    Schema.Array(Schema.Literal("tools", "images", "structuredOutput")).annotations({
      description: "All that it can do. Left out, it is asked whatever is needed."
    })
  ),
  weight: optional(
    Positive.annotations({
      description:
        "Its share of the calls that ask it first, among the targets that have a weight. Those without follow in order."
    })
  ),
  prices: optional(
    Prices.annotations({ description: "What a million tokens cost there, for the budgets of clients." })
  ),
  policy: optional(TargetPolicy)
})

/** @internal */
export const deliveries = ["incremental", "buffered"] as const
const Delivery = Schema.Literal(...deliveries)

const Route = Schema.Struct({
  model: Text.annotations({
    description:
      'The name that clients ask for; a "*" stands for any letters. A route of the very name comes first, then the longer pattern.'
  }),
  targets: Schema.NonEmptyArray(Target),
  delivery: optional(
    Delivery.annotations({ description: "How its streams are handed on. Default: as those of all routes." })
  ),
  fallbacks: optional(
    Schema.Union(Schema.Boolean, Schema.NonEmptyArray(Text)).annotations({
      description: "Whether a request may name models to turn to in its own `fallbacks`, or which. Default: no."
    })
  ),
  policy: optional(RoutePolicy)
})

const Client = Schema.Struct({
  name: Name,
  key: EnvironmentVariable.annotations({ description: "The environment variable that holds its key." }),
  models: optional(Schema.NonEmptyArray(Text).annotations({ description: "The models it may ask for. Default: all." })),
  concurrency: optional(Count.annotations({ description: "How many of its requests may be under way at once." })),
  requests: optional(Limit),
  tokens: optional(Limit),
  budget: optional(Budget)
})

const Bounds = Schema.Struct({
  bodyBytes: optional(Count.annotations({ description: "Of a request. Default 33 554 432." })),
  headerBytes: optional(Count.annotations({ description: "Of a request. Default 32 768." })),
  headerTime: optional(Time.annotations({ description: 'For a request\'s headers. Default "15 seconds".' })),
  bodyTime: optional(Time.annotations({ description: 'For a request to be whole. Default "60 seconds".' })),
  idleTime: optional(
    Time.annotations({ description: 'For which a connection without a request is kept. Default "65 seconds".' })
  ),
  takeTime: optional(
    Time.annotations({
      description: 'For which a client may take nothing of an answer that waits for it. Default "60 seconds".'
    })
  ),
  connections: optional(Count.annotations({ description: "Default 20 000." })),
  concurrency: optional(Count.annotations({ description: "Requests under way at once. Default 2 000." })),
  connectTime: optional(Time.annotations({ description: 'To connect to an upstream. Default "10 seconds".' })),
  shutdownTime: optional(
    Time.annotations({
      description: 'For which requests under way may go on when the gateway ends. Default "30 seconds".'
    })
  )
})

const Redis = Schema.Struct({
  url: EnvironmentVariable.annotations({
    description: 'The environment variable that holds its address: "redis://host:6379/0", or "rediss://" for TLS.'
  }),
  username: optional(Text),
  password: optional(
    EnvironmentVariable.annotations({ description: "The environment variable that holds its password." })
  ),
  prefix: optional(Text.annotations({ description: 'What its keys begin with. Default "resilience:".' })),
  patience: optional(Time.annotations({ description: 'The longest that a call waits for it. Default "50 millis".' }))
})

/**
 * The schema of a configuration.
 *
 * @since 0.1.0
 * @category Schemas
 */
export const schema = Schema.Struct({
  $schema: optional(Schema.String),
  listen: optional(
    Schema.Struct({
      host: optional(Text.annotations({ description: 'Default "127.0.0.1".' })),
      port: optional(Port.annotations({ description: "Default 8787; 0 takes a free one." }))
    })
  ),
  upstreams: Schema.Record({ key: Schema.String, value: Upstream }).annotations(
    says("an object of upstreams by their names")
  ),
  routes: Schema.NonEmptyArray(Route),
  delivery: optional(
    Delivery.annotations({
      description:
        "How streams are handed on. incremental (default): as they come, so that one that breaks off after its first content ends with an error. buffered: when they are whole, so that one that breaks off is asked for again."
    })
  ),
  policy: optional(TargetPolicy.annotations({ description: "What holds for all targets." })),
  clients: optional(
    Schema.NonEmptyArray(Client).annotations({
      description: "Who may ask. Left out, everybody who can reach the gateway may."
    })
  ),
  admin: optional(
    Schema.Struct({
      key: optional(EnvironmentVariable.annotations({ description: "The environment variable that holds its key." })),
      host: optional(Text),
      port: optional(
        Port.annotations({
          description:
            "An address of its own for /admin and /metrics. Left out, they are where the models are, and need the key."
        })
      )
    })
  ),
  shared: optional(
    Schema.Struct({ redis: Redis }).annotations({
      description: "Where gateways on several machines share circuits, parking and limits. Read at the start."
    })
  ),
  cors: optional(
    Schema.Struct({
      origins: Schema.NonEmptyArray(Origin).annotations({
        description: 'Where the pages are from, such as "https://app.example"; "*" stands for everywhere.'
      })
    }).annotations({ description: "Pages that may ask in a browser. Left out, none may." })
  ),
  bounds: optional(Bounds)
}).annotations({
  ...says('an object with "upstreams" and "routes"'),
  identifier: "GatewayConfig",
  parseOptions: { onExcessProperty: "error", errors: "all" }
})

/**
 * A configuration that has been read.
 *
 * @since 0.1.0
 * @category Models
 */
export interface Config extends Schema.Schema.Type<typeof schema> {}

/** @internal */
export type Route = Config["routes"][number]

/** @internal */
export type Delivery = NonNullable<Config["delivery"]>

/** @internal */
export const isDelivery = (value: unknown): value is Delivery => deliveries.includes(value as Delivery)

/** @internal */
export type Target = Route["targets"][number]

/** @internal */
export type Upstream = Config["upstreams"][string]

/** @internal */
export type Client = NonNullable<Config["clients"]>[number]
