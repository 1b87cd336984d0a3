/**
 * The pages and the API of who runs a gateway, as one handler of requests.
 *
 * @internal
 */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpApiSwagger from "@effect/platform/HttpApiSwagger"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as PrometheusMetrics from "../../../prometheus/PrometheusMetrics.js"
import type { OnRequest } from "../listen.js"
import { Api } from "./api.js"
import type { Control } from "./control.js"
import { page } from "./page.js"

const done = { done: true } as const

/** @internal */
export const adminApp = (control: Control): Effect.Effect<OnRequest, never, Scope.Scope> => {
  const targets = HttpApiBuilder.group(Api, "targets", (handlers) =>
    handlers
      .handle("state", () => control.state)
      .handle("isolate", ({ payload }) => Effect.as(control.isolate(payload.target), done))
      .handle("release", ({ payload }) => Effect.as(control.release(payload.target), done))
      .handle("reset", ({ payload }) => Effect.as(control.reset(payload.target), done))
      .handle("observeOnly", ({ payload }) => Effect.as(control.observeOnly(payload.on, payload.target), done))
  )
  const pages = HttpApiBuilder.Router.use((router) =>
    Effect.all([
      router.get("/admin", Effect.succeed(HttpServerResponse.html(page))),
      router.get("/metrics", PrometheusMetrics.response())
    ])
  )
  const layers = Layer.mergeAll(pages, HttpApiSwagger.layer({ path: "/admin/docs" })).pipe(
    Layer.provideMerge(HttpApiBuilder.api(Api)),
    Layer.provide(targets),
    Layer.provideMerge(Layer.mergeAll(HttpApiBuilder.Router.Live, HttpApiBuilder.Middleware.layer)),
    Layer.provideMerge(NodeHttpServer.layerContext)
  )
  return Effect.flatMap(Layer.build(layers), (context) =>
    Effect.provide(
      Effect.flatMap(HttpApiBuilder.httpApp, (app) => NodeHttpServer.makeHandler(app)),
      context
    )
  )
}
