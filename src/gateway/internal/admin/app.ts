/**
 * The pages and the API of who runs a gateway, as one handler of requests.
 *
 * @internal
 */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpApiSwagger from "@effect/platform/HttpApiSwagger"
import type * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServerError from "@effect/platform/HttpServerError"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { OnRequest } from "../server/listen.js"
import { bodyOf, type Problem } from "../server/problem.js"
import { Api, NoSuchTarget } from "./api.js"
import { page } from "./page.js"
import type { AskAll, Order } from "./siblings.js"
import { metrics, standing } from "./together.js"

const done = { done: true } as const

/** @internal */
export const adminApp = (askAll: AskAll): Effect.Effect<OnRequest, never, Scope.Scope> => {
  const order = (question: Order): Effect.Effect<typeof done, NoSuchTarget> =>
    Effect.flatMap(askAll(question), (answers) =>
      "target" in question && question.target !== undefined && !answers.some(({ answer }) => answer)
        ? new NoSuchTarget({ target: question.target })
        : Effect.succeed(done)
    )
  const targets = HttpApiBuilder.group(Api, "targets", (handlers) =>
    handlers
      .handle("state", () => Effect.map(askAll({ ask: "state" }), standing))
      .handle("isolate", ({ payload: { target } }) => order({ ask: "isolate", target }))
      .handle("release", ({ payload: { target } }) => order({ ask: "release", target }))
      .handle("reset", ({ payload: { target } }) => order({ ask: "reset", target }))
      .handle("observeOnly", ({ payload: { on, target } }) => order({ ask: "observeOnly", on, target }))
  )
  const scraped = Effect.map(askAll({ ask: "metrics" }), (answers) =>
    HttpServerResponse.text(metrics(answers), { contentType: "text/plain; version=0.0.4; charset=utf-8" })
  )
  const pages = HttpApiBuilder.Router.use((router) =>
    Effect.all([router.get("/admin", Effect.succeed(HttpServerResponse.html(page))), router.get("/metrics", scraped)])
  )
  const layers = Layer.mergeAll(pages, HttpApiSwagger.layer({ path: "/admin/docs" })).pipe(
    Layer.provideMerge(HttpApiBuilder.api(Api)),
    Layer.provide(targets),
    Layer.provideMerge(Layer.mergeAll(HttpApiBuilder.Router.Live, HttpApiBuilder.Middleware.layer)),
    Layer.provideMerge(NodeHttpServer.layerContext)
  )
  return Effect.flatMap(Layer.build(layers), (context) =>
    Effect.provide(
      Effect.flatMap(HttpApiBuilder.httpApp, (app) => NodeHttpServer.makeHandler(inWords(app))),
      context
    )
  )
}

const unread: Problem = { status: 400, message: "The order cannot be read; it has to be JSON" }

/** What cannot be read Effect takes for a defect, and answers with a status and no word. */
const inWords = <E, R>(app: HttpApp.Default<E, R>): HttpApp.Default<E, R> =>
  Effect.catchSomeDefect(app, (defect) =>
    HttpServerError.isServerError(defect) && defect._tag === "RequestError"
      ? Option.some(HttpServerResponse.unsafeJson(bodyOf("openai", unread, ""), { status: unread.status }))
      : Option.none()
  )
