/**
 * What is asked of the paths of who runs the gateway.
 */
import { type Hostile, one } from "./hostile.js"
import { admin, chunk, head, json, order } from "./written.js"

const form = "content-type: application/x-www-form-urlencoded"

export const operating: ReadonlyArray<Hostile> = [
  one("POST for the page", 405, admin("POST", "/admin"), { allow: "GET, HEAD" }),
  one("DELETE for the metrics", 405, admin("DELETE", "/metrics"), { allow: "GET, HEAD" }),
  one("PUT for the state", 405, admin("PUT", "/admin/state"), { allow: "GET, HEAD" }),
  one("GET for an order", 405, admin("GET", "/admin/isolate"), { allow: "POST" }),
  one("OPTIONS for the documents", 405, admin("OPTIONS", "/admin/docs"), { allow: "GET, HEAD" }),
  one("what is not there", 404, admin("GET", "/admin/who")),
  one("the state without a key", 401, head("GET", "/admin/state")),
  one("an order without a key", 401, head("POST", "/admin/isolate")),
  one("an order that is no JSON", 400, order("{")),
  one("an order of a form", 415, `${admin("POST", "/admin/isolate", "content-length: 10", form)}target=who`),
  one("an order that is empty", 400, order(""), { dialect: "operator" }),
  one("an order that is too large", 413, order(" ".repeat(200_000))),
  one(
    "an order of chunks",
    411,
    admin("POST", "/admin/isolate", json, "transfer-encoding: chunked") + chunk(" ".repeat(80_000)) + chunk("")
  ),
  one("an order for nobody", 400, order("{}"), { dialect: "operator" }),
  one("an order for who is not known", 404, order('{"target":"who"}'), { dialect: "operator" }),
  one(
    "an order that waits to be asked for",
    100,
    `${admin("POST", "/admin/isolate", json, "content-length: 2", "expect: 100-continue")}{}`,
    { answers: [100, 400], dialect: "operator" }
  )
]
