/**
 * ResilientFetch in a browser: how large it is, that it needs nothing of Node, and that it does in a page and in a worker
 * what it does elsewhere. It needs `npm run build` before, and Chromium; without one only the bundle is looked at.
 */
import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { createServer } from "node:http"
import { fileURLToPath } from "node:url"
import { gzipSync } from "node:zlib"
import { Effect } from "effect"
import { build } from "esbuild"
import puppeteer from "puppeteer-core"

const root = fileURLToPath(new URL("..", import.meta.url))
const mostBytes = 205_000

const bundle = async (contents) => {
  const { metafile, outputFiles } = await build({
    stdin: { contents, resolveDir: root },
    bundle: true,
    minify: true,
    format: "iife",
    platform: "browser",
    target: "es2022",
    metafile: true,
    write: false
  })
  const node = Object.values(metafile.inputs).flatMap(({ imports }) =>
    imports.filter(({ path }) => /^node:/.test(path))
  )
  if (node.length > 0) throw new Error(`ResilientFetch imports ${node.map(({ path }) => path).join(", ")}`)
  return outputFiles[0].text
}

const own = await bundle(`import { make } from "./dist/http/ResilientFetch.js"; globalThis.make = make`)
const zipped = gzipSync(own).length
console.log(`ResilientFetch for a browser: ${own.length} bytes, ${zipped} zipped; at most ${mostBytes} zipped`)
if (zipped > mostBytes) throw new Error("The bundle has grown beyond its bound")

/** What is shown, in the page and in the worker alike. */
const shown = await bundle(`
  import { make } from "./dist/http/ResilientFetch.js"
  globalThis.show = async (url) => {
    const fetch = make({ retry: { initialDelay: 1 }, deadline: "20 seconds" })
    const ask = (stream) =>
      fetch(url + "/v1/chat/completions", {
        method: "POST",
        headers: { "content-type": "application/json", authorization: "Bearer sk-test" },
        body: JSON.stringify({ model: "gpt-5", stream, messages: [{ role: "user", content: "Which model are you?" }] })
      }).then(async (response) => response.status + " " + (await response.text()))
    const texts = []
    for (const stream of [false, true]) texts.push(await ask(stream))
    await fetch.dispose()
    return texts
  }
  if (typeof WorkerGlobalScope !== "undefined") {
    onmessage = ({ data }) => show(data).then(postMessage, (error) => postMessage(String(error)))
  }
`)

const inPage = (url) => globalThis.show(url)
const inWorker = (url) =>
  new Promise((resolve, reject) => {
    const worker = new Worker("/shown.js")
    worker.onmessage = ({ data }) => resolve(data)
    worker.onerror = ({ message }) => reject(new Error(message))
    worker.postMessage(url)
  })

const chromium = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync)

const runs = async () => {
  const { Script, Step, make } = await import("../dist/testing/MisbehavingProvider.js")
  const faults = {
    nothing: [],
    "a 429 with a hint": [Step.rateLimited({ retryAfter: "10 millis" })],
    "an overload": [Step.overloaded()],
    "a cut before the first content": [Step.cutBody({ after: 0 })]
  }
  const server = createServer((request, response) => {
    const isCode = request.url === "/shown.js"
    response.setHeader("content-type", isCode ? "text/javascript" : "text/html")
    response.end(isCode ? shown : '<!doctype html><title>shown</title><script src="/shown.js"></script>')
  })
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve))
  const browser = await puppeteer.launch({ executablePath: chromium, args: ["--headless", "--no-sandbox"] })
  try {
    const page = await browser.newPage()
    await page.goto(`http://127.0.0.1:${server.address().port}/`)
    for (const [where, run] of Object.entries({ page: inPage, worker: inWorker })) {
      for (const [fault, steps] of Object.entries(faults)) {
        const asked = Effect.gen(function* () {
          const provider = yield* make({ cors: true })
          const texts = []
          if (steps.length > 0)
            yield* provider.script(Script.inOrder([...steps, Step.answer(), ...steps], { afterwards: "answer" }))
          texts.push(...(yield* Effect.promise(() => page.evaluate(run, provider.url))))
          const attempts = yield* provider.awaitSettled
          return { texts, attempts: attempts.length }
        })
        const { attempts, texts } = await Effect.runPromise(Effect.scoped(asked))
        const [plain, streamed] = texts
        const expected = steps.length === 0 ? 2 : 4
        if (!(plain.startsWith("200 ") && streamed.includes("[DONE]") && attempts === expected)) {
          throw new Error(`In a ${where}, with ${fault}: ${attempts} attempts, ${JSON.stringify(texts)}`)
        }
        console.log(`ok  in a ${where}, plain and streaming, with ${fault}: ${attempts} attempts`)
      }
    }
  } finally {
    await browser.close()
    server.close()
  }
}

if (chromium === undefined)
  console.log("NOT SHOWN: there is no Chromium, so nothing was asked for in a page or a worker")
else {
  await runs()
  const version = spawnSync(chromium, ["--version"]).stdout?.toString().trim()
  console.log(`shown in ${version}`)
}
process.exit(0)
