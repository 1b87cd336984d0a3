/** The Nodes that are measured on: the one that runs the command, and the one that the newest peers demand. */
import { execFileSync, spawnSync } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"

export interface Node {
  readonly execPath: string
  /** As `v20.20.2`. */
  readonly version: string
  /** Where the peers that are bound to this Node are installed. */
  readonly folder: string
}

export const thisNode: Node = { execPath: process.execPath, version: process.version, folder: "." }

const folder = "bench/node24"

const manifest = (path: string): { readonly version: string; readonly dependencies: Record<string, string> } =>
  JSON.parse(readFileSync(`${path}/package.json`, "utf8"))

/** A peer that is not bound to the Node stands among the project's own dependencies. */
export const versionOf = (name: string, { folder }: Node): string =>
  manifest(`${existsSync(`${folder}/node_modules/${name}`) ? folder : "."}/node_modules/${name}`).version

/** What is installed, if all of it is as wanted and this machine can run it. */
const found = (): Node | undefined => {
  try {
    for (const [name, wanted] of Object.entries(manifest(folder).dependencies)) {
      if (manifest(`${folder}/node_modules/${name}`).version !== wanted) return undefined
    }
    const program = process.platform === "win32" ? "node.exe" : "node"
    const execPath = `${folder}/node_modules/node/bin/${program}`
    const version = execFileSync(execPath, ["--version"], { encoding: "utf8", stdio: "pipe" }).trim()
    return { execPath, version, folder }
  } catch {
    return undefined
  }
}

/** Node 24 with its peers, or why it is not there. */
export const node24 = (install: boolean): Node | string => {
  const there = found()
  if (there !== undefined) return there
  const command = `npm ci --prefix ${folder}`
  if (!install) return `it is not installed (${command})`
  const { status, stderr } = spawnSync(`${command} --loglevel=error --fetch-retries=1`, {
    encoding: "utf8",
    shell: true,
    stdio: ["ignore", "ignore", "pipe"]
  })
  const reason =
    status === 0
      ? "are install scripts turned off?"
      : (/^npm error (?:code )?(.+)$/m.exec(stderr)?.[1] ?? `it ended with ${status}`)
  return found() ?? `\`${command}\` did not bring it (${reason})`
}
