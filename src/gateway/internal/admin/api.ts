/**
 * What can be asked of a gateway, and told to it, by who runs it.
 *
 * @internal
 */
import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Schema from "effect/Schema"

const Failure = Schema.Struct({
  at: Schema.Number,
  tag: Schema.String,
  status: Schema.optional(Schema.Number),
  requestId: Schema.optional(Schema.String)
})

const View = Schema.Literal("shared", "local").annotations({
  description: "Whether this is what the fleet knows, or what the process knows by itself."
})

/** @internal */
export type View = typeof View.Type

/** @internal */
export const Target = Schema.Struct({
  name: Schema.String,
  circuit: Schema.Literal("closed", "open", "half-open", "isolated"),
  why: Schema.optional(Schema.String).annotations({ description: "Why the circuit is open." }),
  opensAgainInMillis: Schema.optional(Schema.Number),
  parkedForMillis: Schema.optional(Schema.Number).annotations({
    description: "For how long it wants to be left alone."
  }),
  inFlight: Schema.Number,
  queued: Schema.Number,
  limit: Schema.optional(Schema.Number).annotations({ description: "How many calls may run at once." }),
  requestsLeft: Schema.optional(Schema.Number),
  tokensLeft: Schema.optional(Schema.Number),
  attempts: Schema.Number,
  answers: Schema.Number,
  failures: Schema.Number,
  recentFailures: Schema.Array(Failure),
  views: Schema.Struct({ circuit: View, parking: View, limits: Schema.optional(View) }).annotations({
    description: "Limits are left out where the target has none. All else here is always of the process."
  }),
  observeOnly: Schema.Boolean.annotations({ description: "Whether policies only tell what they would do." })
})

/** @internal */
export interface Target extends Schema.Schema.Type<typeof Target> {}

const Happening = Schema.Struct({
  number: Schema.Number,
  worker: Schema.optional(Schema.Number),
  at: Schema.Number,
  target: Schema.String,
  what: Schema.String,
  tag: Schema.optional(Schema.String),
  waitMillis: Schema.optional(Schema.Number),
  durationMillis: Schema.optional(Schema.Number)
})

const Shared = Schema.Struct({
  joined: Schema.Boolean.annotations({ description: "If not, the process goes by what it knows itself." }),
  aloneForMillis: Schema.optional(Schema.Number),
  lastHeardMillisAgo: Schema.optional(Schema.Number).annotations({
    description: "An answer or a message, which is long ago where nothing happens."
  })
}).annotations({ description: "Left out where nothing is shared." })

const Process = Schema.Struct({
  worker: Schema.optional(Schema.Number).annotations({ description: "Left out where there is but one." }),
  pid: Schema.Number,
  upForMillis: Schema.Number,
  underWay: Schema.Number.annotations({ description: "Requests for models." }),
  residentBytes: Schema.Number,
  shared: Schema.optional(Shared)
})

/** @internal */
export const Standing = Schema.Struct({
  processes: Schema.Array(Process).annotations({ description: "Those whose numbers these are." }),
  observeOnly: Schema.Boolean,
  targets: Schema.Array(Target),
  happenings: Schema.Array(Happening)
})

/** @internal */
export interface Standing extends Schema.Schema.Type<typeof Standing> {}

const Told = Schema.Struct({ target: Schema.String })
const Done = Schema.Struct({ done: Schema.Literal(true) })

/** @internal */
export class NoSuchTarget extends Schema.TaggedError<NoSuchTarget>("effect-resilience/gateway/NoSuchTarget")(
  "NoSuchTarget",
  { target: Schema.String }
) {}

const group = HttpApiGroup.make("targets")
  .add(
    HttpApiEndpoint.get("state", "/admin/state")
      .addSuccess(Standing)
      .annotate(OpenApi.Description, "Every target, and the latest of what has happened.")
  )
  .add(
    HttpApiEndpoint.post("isolate", "/admin/isolate")
      .setPayload(Told)
      .addSuccess(Done)
      .addError(NoSuchTarget, { status: 404 })
      .annotate(OpenApi.Description, "Asks the target nothing more until it is released.")
  )
  .add(
    HttpApiEndpoint.post("release", "/admin/release")
      .setPayload(Told)
      .addSuccess(Done)
      .addError(NoSuchTarget, { status: 404 })
      .annotate(OpenApi.Description, "Ends an isolation.")
  )
  .add(
    HttpApiEndpoint.post("reset", "/admin/reset")
      .setPayload(Told)
      .addSuccess(Done)
      .addError(NoSuchTarget, { status: 404 })
      .annotate(OpenApi.Description, "Closes the target's circuit and ends its parking.")
  )
  .add(
    HttpApiEndpoint.post("observeOnly", "/admin/observe-only")
      .setPayload(Schema.Struct({ on: Schema.Boolean, target: Schema.optional(Schema.String) }))
      .addSuccess(Done)
      .addError(NoSuchTarget, { status: 404 })
      .annotate(OpenApi.Description, "Lets policies only tell what they would do, for one target or for all.")
  )

/** @internal */
export class Api extends HttpApi.make("gateway").add(group).annotate(OpenApi.Title, "effect-resilience gateway") {}
