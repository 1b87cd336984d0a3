import { closeSync, mkdtempSync, openSync, readFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { stripVTControlCharacters } from "node:util"
import { describe, it } from "vitest"
import { bundled } from "../bundled.js"
import { type Ended, type Options, run, start } from "../program.js"

const ask = (args: ReadonlyArray<string>, options: Options = {}): Promise<Ended> => run("ask", args, options)

/** Runs it on a terminal of 80 columns, which `script` makes. */
const inTerminal = async (prompt: string, env: NonNullable<Options["env"]>): Promise<Ended> => {
  const command = `stty cols 80; exec ${process.execPath} ${await bundled("ask")} ${prompt}`
  return start("script", ["-qec", command, "/dev/null"], { env })
}

describe("npm start", { timeout: 120_000, concurrent: true }, () => {
  it("answers without a key, shows each attempt, and keeps it in a log that stats reads", async ({ expect }) => {
    const log = join(mkdtempSync(join(tmpdir(), "effect-resilience-ask-")), "operations.db")
    const { code, output } = await ask(["--log", log, "Why", "is", "the", "sky", "blue?"])
    expect(output).toMatch(/✗ embedded\/primary #1 {2}RateLimited/)
    expect(output).toMatch(/… embedded\/primary #2 {2}follows in 2\.\d s/)
    expect(output).toMatch(/embedded\/primary {2}circuit closed → open/)
    expect(output).toContain('You asked: "Why is the sky blue?"')
    expect(output).toMatch(/embedded\/backup #1 +Success/)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that there are none is the point
    expect(output).not.toMatch(/\u001b/)
    expect(output).toContain(`npm run stats -- ${log}`)
    expect(code).toBe(0)
    const stats = await run("cli", ["stats", log])
    expect(stats.output).toContain("1 answer was asked for, with 2 calls: 1 answered, 1 failed, 0 interrupted")
    expect(stats.output).toMatch(/embedded\/primary +1 +3 +2\.00 +2 +0 of 1 +\d\.\d s/)
    expect(stats.output).toMatch(/embedded\/primary +embedded\/backup +ConnectionFailed +1/)
    expect(stats.output).not.toContain("sky")
    expect(stats.code).toBe(0)
  })

  for (const [name, env] of [
    ["in colour", { CI: undefined, NO_COLOR: undefined, FORCE_COLOR: undefined }],
    ["with NO_COLOR", { NO_COLOR: "1" }]
  ] as const) {
    it(`on a terminal of 80 columns no line is longer, ${name}`, async ({ expect }) => {
      const { code, output } = await inTerminal("hello", env)
      // Up to where the line was written anew.
      const lines = output.split("\n").flatMap((line) => line.split("\r\u001b[2K"))
      const ours = lines
        .map((line) => stripVTControlCharacters(line).trimEnd())
        .filter((line) => !/^You asked/.test(line))
      const longest = Math.max(...ours.map((line) => line.length))
      expect(longest).toBeGreaterThan(60)
      expect(longest).toBeLessThanOrEqual(80)
      expect(output).toMatch(/embedded\/backup #1 is thinking … 0\.\d s/)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are made of them
      expect(/\u001b\[\d*m/.test(output)).toBe(name === "in colour")
      expect(code).toBe(0)
    })
  }

  it("piped into a file it is plain lines, however long, with a log that stats reads", async ({ expect }) => {
    const folder = mkdtempSync(join(tmpdir(), "effect-resilience-ask-"))
    const [log, file] = [join(folder, "operations.db"), join(folder, "output.txt")]
    const into = openSync(file, "w")
    const args = ["start", "--silent", "--", "--log", log, "hello"]
    const env = { NO_COLOR: undefined, FORCE_COLOR: undefined, COLUMNS: "80" }
    const { code } = await start("npm", args, { env, into })
    closeSync(into)
    expect(code).toBe(0)
    const lines = readFileSync(file, "utf8").split("\n")
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that there are none is the point
    expect(lines.filter((line) => /[\u0000-\u001f]/.test(line))).toEqual([])
    // One for each event, and none that counts the time.
    expect(lines.filter((line) => /^ +\d+\.\d s {2}\S/.test(line)).length).toBeGreaterThanOrEqual(8)
    expect(lines.join()).not.toContain("is thinking")
    expect(lines.some((line) => line.length > 80)).toBe(true)
    const stats = await start("npm", ["run", "--silent", "stats", "--", "--json", log])
    expect(JSON.parse(stats.stdout)).toMatchObject({
      file: log,
      summary: { operations: 1, calls: 2, succeeded: 1, failed: 1, fallbacks: 1, droppedRows: 0 },
      answeredByOthers: [{ first: "embedded/primary", answeredBy: "embedded/backup", answers: 1 }]
    })
    expect([stats.code, stats.stderr]).toEqual([0, ""])
  })

  it("a provider killed in mid-call is a typed error and exit code 1", async ({ expect }) => {
    let killed = false
    const { code, output } = await ask(["hello"], {
      onOutput: (output) => {
        const pid = /process (\d+)/.exec(output)?.[1]
        if (killed || pid === undefined || !output.includes("embedded/backup #1  asked")) return
        killed = true
        process.kill(Number(pid), "SIGKILL")
      }
    })
    expect(output).toMatch(/No answer\. AllTargetsFailed: /)
    expect(output).toMatch(/embedded\/backup #\d +ConnectionFailed/)
    expect(output).not.toMatch(/ {4}at /)
    expect(code).toBe(1)
  })

  it("with a key it asks the real API, and no output of a failing run has the key or the provider's words", async ({
    expect
  }) => {
    const key = "sk-very-secret-123"
    const server = createServer((request, response) => {
      response.writeHead(401, { "content-type": "application/json" })
      response.end(
        JSON.stringify({
          error: { message: `Incorrect API key provided: ${request.headers.authorization}`, code: "invalid_api_key" }
        })
      )
    }).listen(0, "127.0.0.1")
    await new Promise((resolve) => server.once("listening", resolve))
    const { code, output } = await ask(["hello"], {
      env: { OPENAI_API_KEY: key, OPENAI_BASE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1` }
    })
    server.close()
    expect(output).toMatch(/openai\/gpt-5-mini #1 {2}asked/)
    expect(output).toMatch(/No answer\. AuthenticationFailed: /)
    expect(output).not.toContain(key)
    expect(output).not.toContain("Incorrect API key provided")
    expect(code).toBe(1)
  })

  for (const [name, args, words] of [
    ["a missing prompt", [], "Missing argument <prompt>"],
    ["an unknown option", ["--nope", "hello"], "Unknown option --nope"],
    ["a bad value", ["--attempts", "0", "hello"], "--attempts is 0; allowed is a whole number from 1"],
    ["a value that is no number", ["--deadline", "soon", "hello"], "soon"]
  ] as const) {
    it(`${name} is told, with exit code 2`, async ({ expect }) => {
      const { code, output } = await ask(args)
      expect(output).toContain(words)
      expect(code).toBe(2)
    })
  }

  it("--help lists the options", async ({ expect }) => {
    const { code, output } = await ask(["--help"])
    for (const option of ["--attempts", "--attempt-timeout", "--deadline", "OPENAI_API_KEY"]) {
      expect(output).toContain(option)
    }
    expect(code).toBe(0)
  })
})
