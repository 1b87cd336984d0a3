import { createRequire } from "node:module"
import { resolve } from "node:path"

/**
 * Loads a peer from the folder in which the Node that runs has its peers: the newest versions of some demand a newer Node
 * than the project does, and stand beside that one.
 */
export const installed = createRequire(resolve(process.env.BENCH_PEERS ?? ".", "package.json"))
