/**
 * The gateway as operators run it: a process of its own.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"
import type * as GatewayConfig from "effect-resilience/gateway/GatewayConfig"
import { bundled } from "../bundled.js"

export interface Process {
  readonly child: ChildProcess
  /** All that it has written so far. */
  readonly output: () => string
  /** Waits for something to be written. */
  readonly says: (text: RegExp) => Effect.Effect<RegExpExecArray>
  readonly kill: (signal: NodeJS.Signals) => void
  /** Its code, or the signal that ended it. */
  readonly ended: Effect.Effect<number | NodeJS.Signals | null>
  readonly write: (config: unknown) => void
  /** Where its configuration is. */
  readonly file: string
}

export interface Start {
  readonly config?: typeof GatewayConfig.schema.Encoded | undefined
  /** A command of its own, in place of serving. */
  readonly command?: ReadonlyArray<string> | undefined
  readonly args?: ReadonlyArray<string> | undefined
  readonly env?: Record<string, string> | undefined
}

/** Starts it, and kills it with the scope, whatever it does. */
export const spawnGateway = ({ args = [], command = [], config, env = {} }: Start) =>
  Effect.gen(function* () {
    const folder = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "gateway-"))),
      (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
    )
    const file = join(folder, "gateway.json")
    const write = (config: unknown): void => writeFileSync(file, JSON.stringify(config))
    if (config !== undefined) write(config)
    const main = yield* Effect.promise(() => bundled("cli"))
    const all = ["gateway", ...command, ...(config === undefined ? [] : ["--config", file]), ...args]
    const child = yield* Effect.acquireRelease(
      Effect.sync(() =>
        spawn(process.execPath, [main, ...all], {
          env: { PATH: process.env.PATH, ...env },
          stdio: ["ignore", "pipe", "pipe"]
        })
      ),
      (child) =>
        Effect.promise(async () => {
          if (child.exitCode !== null || child.signalCode !== null) return
          const gone = once(child, "exit")
          child.kill("SIGKILL")
          await gone
        })
    )
    let output = ""
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (bytes: Buffer) => {
        output += bytes
      })
    }
    const ended = Effect.promise(async () => {
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit")
      return child.exitCode ?? child.signalCode
    })
    const says = (text: RegExp): Effect.Effect<RegExpExecArray> =>
      Effect.suspend(() => {
        const found = text.exec(output)
        if (found !== null) return Effect.succeed(found)
        return child.exitCode === null
          ? Effect.zipRight(Effect.sleep("20 millis"), says(text))
          : Effect.die(new Error(`it ended without having said ${text}:\n${output}`))
      })
    const kill = (signal: NodeJS.Signals): void => {
      child.kill(signal)
    }
    const begun: Process = { child, output: () => output, says, kill, ended, write, file }
    return begun
  })

/** Waits until it listens. */
export const startGateway = (start: Start) =>
  Effect.gen(function* () {
    const begun = yield* spawnGateway(start)
    const [, url = ""] = yield* begun.says(/gateway on (\S+)/)
    return { ...begun, url }
  })
