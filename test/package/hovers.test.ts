/** What an editor shows of a type: the names that stand in the documentation, and not what they are made of. */
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import ts from "typescript"
import { expect, it } from "vitest"

const root = fileURLToPath(new URL("../..", import.meta.url))

/** The quick info of each constant in a file that a user of the package might have written. */
const quickInfo = (code: string): Readonly<Record<string, string>> => {
  const file = join(root, "hovered.ts")
  const { config } = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent({ ...config, files: [], include: [] }, ts.sys, root)
  const service = ts.createLanguageService({
    ...ts.sys,
    getCompilationSettings: () => ({ ...options, plugins: [], noUnusedLocals: false }),
    getScriptFileNames: () => [file],
    getScriptVersion: () => "1",
    getScriptSnapshot: (path) => {
      const text = path === file ? code : ts.sys.readFile(path)
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text)
    },
    useCaseSensitiveFileNames: () => true,
    fileExists: (path) => path === file || ts.sys.fileExists(path),
    getCurrentDirectory: () => root,
    getDefaultLibFileName: ts.getDefaultLibFilePath
  })
  expect(service.getSemanticDiagnostics(file).map(({ messageText }) => messageText)).toEqual([])
  return Object.fromEntries(
    [...code.matchAll(/^const (\w+) /gm)].map(([, name = ""]) => {
      const info = service.getQuickInfoAtPosition(file, code.indexOf(`const ${name} `) + "const ".length)
      return [name, ts.displayPartsToString(info?.displayParts).replace(`const ${name}: `, "")]
    })
  )
}

it("shows the names of failures, and not two dozen tags", () => {
  const code = `
import { Effect, Stream } from "effect"
import { Fallback, Hedge, LlmCall, Resilience } from "effect-resilience"
declare const own: Effect.Effect<string, "mine">
const asked = LlmCall.tryPromise({ target: "a", try: async () => "42" })
const call = asked.pipe(Resilience.protect("a"))
const withOptions = asked.pipe(Resilience.protect("a", { retry: false }))
const dataFirst = Resilience.protect(asked, "a")
const read = Resilience.protect(own, "a", { classify: () => null as never })
const mine = Resilience.protect(own, "a")
const chunks = LlmCall.tryStream({ target: "a", try: () => null as never as AsyncIterable<string> })
const stream = chunks.pipe(Resilience.protectStream("a"))
const drained = Stream.runDrain(stream)
const walk = Fallback.firstOf([{ name: "a", run: call }, { name: "b", run: call }])
const gpt = Resilience.target("a")
const asks = gpt.call(async () => "42")
const tells = gpt.stream(() => null as never as AsyncIterable<string>)
const hedged = Hedge.again(call, "a", { after: "1 second" })
`
  const needs = "Resilience.Resilience>"
  const protectedCall = `Effect.Effect<string, LlmError | Resilience.Rejections, ${needs}`
  expect(quickInfo(code)).toEqual({
    asked: "Effect.Effect<string, LlmError, never>",
    call: protectedCall,
    withOptions: protectedCall,
    dataFirst: protectedCall,
    read: `Effect.Effect<string, "mine" | LlmError | Resilience.Rejections, ${needs}`,
    mine: `Effect.Effect<string, "mine" | TimedOut | RequestTooLarge | Resilience.Rejections, ${needs}`,
    chunks: "Stream.Stream<string, LlmError, never>",
    stream: `Stream.Stream<string, LlmError | Resilience.Rejections | BufferExceeded, ${needs}`,
    drained: `Effect.Effect<void, LlmError | Resilience.Rejections | BufferExceeded, ${needs}`,
    walk: `Effect.Effect<string, LlmError | Resilience.Rejections | AllTargetsFailed, ${needs}`,
    gpt: 'Resilience.Target<"a">',
    asks: protectedCall,
    tells: `Stream.Stream<string, LlmError | Resilience.Rejections | BufferExceeded, ${needs}`,
    hedged: protectedCall
  })
}, 60_000)
