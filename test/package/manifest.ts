import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

/** The checkout these tests belong to. */
export const root: string = fileURLToPath(new URL("../..", import.meta.url))

interface Manifest {
  readonly name: string
  readonly version: string
  readonly exports: Readonly<Record<string, string | null | { readonly types: string; readonly default: string }>>
  readonly peerDependencies: Readonly<Record<string, string>>
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional?: boolean }>>
  readonly devDependencies: Readonly<Record<string, string>>
}

export const manifest: Manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"))

export const peers: ReadonlyArray<string> = Object.keys(manifest.peerDependencies)
export const optionalPeers: ReadonlyArray<string> = peers.filter(
  (name) => manifest.peerDependenciesMeta[name]?.optional
)
export const requiredPeers: ReadonlyArray<string> = peers.filter((name) => !optionalPeers.includes(name))

/** The public modules as paths under `src`, without the package itself. */
export const publicModules: ReadonlyArray<string> = Object.entries(manifest.exports)
  .filter(([key, target]) => key !== "." && typeof target === "object" && target !== null)
  .map(([key]) => key.slice("./".length))

/** The modules that need nothing but the required peers: all that lie in no folder. */
export const coreModules: ReadonlyArray<string> = publicModules.filter((path) => !path.includes("/"))
