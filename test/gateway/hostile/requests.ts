/**
 * What nobody should send to a gateway: one table, which the tests go through, and `bench/gateway/hostile.ts` with a gateway
 * that is a process of its own.
 */
import { bodies } from "./bodies.js"
import { framing } from "./framing.js"
import { headers } from "./headers.js"
import { type Hostile, one } from "./hostile.js"
import { leaving } from "./leaving.js"
import { operating } from "./operating.js"
import { requestLines } from "./requestLines.js"
import { slow } from "./slow.js"
import { post } from "./written.js"

/** What anybody may ask. */
export const good: Hostile = one("a plain call", 200, post())

export const kinds: Readonly<Record<string, ReadonlyArray<Hostile>>> = {
  "first lines, methods and targets": requestLines,
  headers,
  "lengths, chunks and what follows them": framing,
  bodies,
  "what does not come in time": slow,
  "clients that leave": leaving,
  "the paths of who runs it": operating
}

/** All of them, each under a name of its own. */
export const hostile: ReadonlyArray<Hostile> = Object.values(kinds).flat()
