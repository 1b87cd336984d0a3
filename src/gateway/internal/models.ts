/**
 * The list of models, in the dialect of whoever asks.
 *
 * @internal
 */
import type { Family } from "../../http/internal/apis.js"
import type { Client } from "./clients.js"
import type { Routes } from "./routes.js"

/** Patterns are told as they are: no gateway knows what is behind them. @internal */
export const modelList = ({ all }: Routes, family: Family, { maySee }: Client): unknown => {
  const names = all.filter((route) => route.family === family && maySee(route.model)).map(({ model }) => model)
  const data = names.map((id) => modelOf(id, family))
  return family === "anthropic"
    ? {
        data,
        has_more: false,
        first_id: names[0] ?? null,
        last_id: names.at(-1) ?? null
      }
    : { object: "list", data }
}

/** @internal */
export const modelOf = (id: string, family: Family): unknown =>
  family === "anthropic"
    ? { type: "model", id, display_name: id, created_at: "1970-01-01T00:00:00Z" }
    : { id, object: "model", created: 0, owned_by: "effect-resilience" }
