/** Programs of ours, run as their users run them. */
import { type ChildProcess, spawn } from "node:child_process"
import { bundled } from "./bundled.js"

export interface Ended {
  readonly code: number | null
  /** What was written to both. */
  readonly output: string
  readonly stdout: string
  readonly stderr: string
}

export interface Options {
  readonly env?: Readonly<Record<string, string | undefined>> | undefined
  /** Called with all that was printed so far. */
  readonly onOutput?: ((output: string, child: ChildProcess) => void) | undefined
  /** A file descriptor that takes the place of its output. */
  readonly into?: number | undefined
}

/** Runs a program, without a terminal and without the keys of whoever runs the tests. */
export const start = (program: string, args: ReadonlyArray<string>, options: Options = {}): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const { ANTHROPIC_API_KEY, OPENAI_API_KEY, ...env } = process.env
    const to = options.into ?? "pipe"
    const child = spawn(program, args, { env: { ...env, ...options.env }, stdio: ["pipe", to, to] })
    const said = { output: "", stdout: "", stderr: "" }
    for (const name of ["stdout", "stderr"] as const) {
      child[name]?.on("data", (chunk: Buffer) => {
        said[name] += chunk.toString()
        said.output += chunk.toString()
        options.onOutput?.(said.output, child)
      })
    }
    child.on("error", reject)
    child.on("close", (code) => resolve({ code, ...said }))
  })

/** Runs a program of ours. */
export const run = async (
  name: Parameters<typeof bundled>[0],
  args: ReadonlyArray<string> = [],
  options: Options = {}
): Promise<Ended> => start(process.execPath, [await bundled(name), ...args], options)
