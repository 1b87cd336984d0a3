/**
 * What a configuration says that cannot be, though each of its parts is well written.
 *
 * @internal
 */

import { shown } from "../../../internal/options/check.js"
import { type Mistake, pathOf } from "../../../internal/options/mistakes.js"
import { paths } from "../endpoints.js"
import { nameOf } from "../routes.js"
import type { Config, Route } from "./schema.js"
import { isName, names } from "./words.js"

/** @internal */
export const contradictions = (config: Config): ReadonlyArray<Mistake> => [
  ...Object.entries(config.upstreams).flatMap(([name, { baseUrl }]) => [
    ...badName(["upstreams", name], name),
    ...badUrl(["upstreams", name, "baseUrl"], baseUrl)
  ]),
  ...openAdmin(config),
  ...priceless(config),
  ...ofTwoMinds(config),
  ...config.routes.flatMap((route, at) => ofRoute(config, route, at)),
  ...twice(config.routes.map((route) => `${dialectOf(config, route)} ${route.model}`)).map((at) => ({
    path: pathOf(["routes", at, "model"]),
    message: `is ${JSON.stringify(config.routes[at]?.model)}, which an earlier route of this dialect is for already`
  })),
  ...twice((config.clients ?? []).map(({ name }) => name)).map((at) => ({
    path: pathOf(["clients", at, "name"]),
    message: `is ${JSON.stringify(config.clients?.[at]?.name)}, which an earlier client has already`
  }))
]

const openAdmin = ({ admin }: Config): ReadonlyArray<Mistake> =>
  admin === undefined || admin.key !== undefined || admin.port !== undefined
    ? []
    : [{ path: "admin", message: "needs a key, or a port of its own that only you can reach" }]

/** Calls that cost nothing would end no budget. */
const priceless = ({ clients, routes }: Config): ReadonlyArray<Mistake> => {
  const at = clients?.findIndex(({ budget }) => budget !== undefined && budget.prices === undefined) ?? -1
  if (at === -1) return []
  return routes.flatMap(({ targets }, route) =>
    targets.flatMap(({ prices }, target) =>
      prices !== undefined
        ? []
        : [
            {
              path: pathOf(["routes", route, "targets", target, "prices"]),
              message: `is missing, and ${pathOf(["clients", at, "budget"])} has no prices for targets without`
            }
          ]
    )
  )
}

/** What is one target to the policies, in whichever routes, has one policy and one price. */
const ofTwoMinds = ({ routes }: Config): ReadonlyArray<Mistake> => {
  const all = routes.flatMap((route, at) =>
    route.targets.map((target, nth) => ({
      name: nameOf(route, target),
      says: JSON.stringify([target.policy, target.prices]),
      path: pathOf(["routes", at, "targets", nth])
    }))
  )
  return all.flatMap(({ name, path, says }, at) => {
    const first = all.find((target) => target.name === name)
    return first === undefined || first.says === says || all.indexOf(first) === at
      ? []
      : [{ path, message: `is ${name}, as ${first.path} is, and has to have the same policy and prices` }]
  })
}

const badName = (path: ReadonlyArray<PropertyKey>, name: string): ReadonlyArray<Mistake> =>
  isName(name) ? [] : [{ path: pathOf(path), message: `has to be ${names}` }]

const badUrl = (path: ReadonlyArray<PropertyKey>, text: string): ReadonlyArray<Mistake> => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isOne = url !== undefined && /^https?:$/.test(url.protocol) && url.username === "" && url.search === ""
  if (!isOne) {
    const allowed = "has to be an address of http or https, without a user or a query"
    // A user and a query may be secrets.
    return [{ path: pathOf(path), message: /[@?]/.test(text) ? allowed : `is ${shown(text)}, and ${allowed}` }]
  }
  const api = paths.find((path) => url.pathname.endsWith(path))
  return api === undefined
    ? []
    : [{ path: pathOf(path), message: `ends with ${api}, which is added to it; it ends before that` }]
}

/** The dialect of a route is that of its targets. @internal */
export const dialectOf = ({ upstreams }: Config, { targets }: Route): string | undefined =>
  upstreams[targets[0].upstream]?.dialect

const ofRoute = (config: Config, route: Route, at: number): ReadonlyArray<Mistake> => {
  const dialect = dialectOf(config, route)
  const known = Object.keys(config.upstreams).join(", ")
  const mistakes = route.targets.flatMap((target, nth): ReadonlyArray<Mistake> => {
    const path = pathOf(["routes", at, "targets", nth, "upstream"])
    const upstream = Object.hasOwn(config.upstreams, target.upstream) ? config.upstreams[target.upstream] : undefined
    if (upstream === undefined) {
      return [{ path, message: `is ${JSON.stringify(target.upstream)}, and has to be one of upstreams: ${known}` }]
    }
    return upstream.dialect === dialect
      ? []
      : [
          {
            path,
            message: `speaks ${upstream.dialect}, and the first target of the route ${JSON.stringify(route.model)} ${dialect}; all targets of a route have to speak the same dialect, since no answer is translated`
          }
        ]
  })
  const same = twice(route.targets.map(({ model, upstream }) => `${upstream}/${model ?? ""}`)).map((nth) => ({
    path: pathOf(["routes", at, "targets", nth]),
    message: "is the same as an earlier target of the route"
  }))
  return [...mistakes, ...same]
}

/** Where something stands that stood there before. */
const twice = (values: ReadonlyArray<string>): ReadonlyArray<number> =>
  values.flatMap((value, at) => (values.indexOf(value) < at ? [at] : []))
