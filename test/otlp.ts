/** An OTLP endpoint of our own: takes what an exporter posts as JSON, over a real socket, and keeps it. */
import { createServer } from "node:http"
import { Effect, type Scope } from "effect"

type Value = { readonly stringValue?: string; readonly intValue?: string | number; readonly doubleValue?: number }

interface KeyValue {
  readonly key: string
  readonly value: Value & { readonly boolValue?: boolean }
}

export type Attributes = Readonly<Record<string, unknown>>

/** Attributes as they were before they were encoded. */
export const attributesOf = (list: ReadonlyArray<KeyValue> = []): Attributes =>
  Object.fromEntries(
    list.map(({ key, value }) => [
      key,
      value.stringValue ??
        value.doubleValue ??
        value.boolValue ??
        (value.intValue === undefined ? undefined : Number(value.intValue))
    ])
  )

export interface Point {
  readonly attributes: Attributes
  readonly value: number
  readonly count: number
}

export interface SentSpan {
  readonly name: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  readonly attributes: Attributes
  readonly millis: number
  readonly events: ReadonlyArray<{ readonly name: string; readonly attributes: Attributes }>
}

export interface SentLog {
  readonly severity: string
  readonly body: string
  readonly attributes: Attributes
}

export interface Collector {
  readonly url: string
  /** The points of a metric in the last export. */
  readonly points: (metric: string) => ReadonlyArray<Point>
  readonly unit: (metric: string) => string | undefined
  readonly spans: () => ReadonlyArray<SentSpan>
  readonly logs: () => ReadonlyArray<SentLog>
  readonly bodies: ReadonlyArray<string>
}

interface SentPoint {
  readonly attributes: ReadonlyArray<KeyValue>
  readonly asDouble?: number
  readonly asInt?: string | number
  readonly sum?: number
  readonly count?: string | number
}

interface Points {
  readonly dataPoints: ReadonlyArray<SentPoint>
}

interface Exported {
  readonly resourceMetrics?: ReadonlyArray<{ readonly scopeMetrics: ReadonlyArray<{ readonly metrics: Metrics }> }>
  readonly resourceSpans?: ReadonlyArray<{ readonly scopeSpans: ReadonlyArray<{ readonly spans: Spans }> }>
  readonly resourceLogs?: ReadonlyArray<{ readonly scopeLogs: ReadonlyArray<{ readonly logRecords: Logs }> }>
}

type Metrics = ReadonlyArray<{
  readonly name: string
  readonly unit?: string
  readonly sum?: Points
  readonly gauge?: Points
  readonly histogram?: Points
}>

type Spans = ReadonlyArray<{
  readonly name: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes: ReadonlyArray<KeyValue>
  readonly events: ReadonlyArray<{ readonly name: string; readonly attributes: ReadonlyArray<KeyValue> }>
}>

type Logs = ReadonlyArray<{
  readonly severityText: string
  readonly body: Value
  readonly attributes: ReadonlyArray<KeyValue>
}>

export const collector: Effect.Effect<Collector, never, Scope.Scope> = Effect.gen(function* () {
  const received: Array<Exported> = []
  const bodies: Array<string> = []
  const server = createServer((request, response) => {
    const chunks: Array<Buffer> = []
    request.on("data", (chunk) => chunks.push(chunk))
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString()
      bodies.push(body)
      received.push(JSON.parse(body))
      response.setHeader("content-type", "application/json").end("{}")
    })
  })
  yield* Effect.acquireRelease(
    Effect.async<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
    () =>
      Effect.async<void>((resume) => {
        server.closeAllConnections()
        server.close(() => resume(Effect.void))
      })
  )
  const { port } = server.address() as { readonly port: number }
  const metric = (name: string) =>
    received
      .filter(({ resourceMetrics }) => resourceMetrics !== undefined)
      .at(-1)
      ?.resourceMetrics?.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics))
      .find((one) => one.name === name)
  return {
    url: `http://127.0.0.1:${port}`,
    bodies,
    unit: (name) => metric(name)?.unit,
    points: (name) => {
      const { gauge, histogram, sum } = metric(name) ?? {}
      return ((sum ?? gauge ?? histogram)?.dataPoints ?? []).map(({ asDouble, asInt, attributes, count, sum }) => ({
        attributes: attributesOf(attributes),
        value: Number(asDouble ?? asInt ?? sum),
        count: Number(count ?? asDouble ?? asInt)
      }))
    },
    spans: () =>
      received
        .flatMap(({ resourceSpans = [] }) => resourceSpans)
        .flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans))
        .map(({ attributes, endTimeUnixNano, events, name, parentSpanId, spanId, startTimeUnixNano }) => ({
          name,
          spanId,
          parentSpanId,
          attributes: attributesOf(attributes),
          millis: Number((BigInt(endTimeUnixNano) - BigInt(startTimeUnixNano)) / 1_000_000n),
          events: events.map((event) => ({ name: event.name, attributes: attributesOf(event.attributes) }))
        })),
    logs: () =>
      received
        .flatMap(({ resourceLogs = [] }) => resourceLogs)
        .flatMap(({ scopeLogs }) => scopeLogs.flatMap(({ logRecords }) => logRecords))
        .map(({ attributes, body, severityText }) => ({
          severity: severityText,
          body: body.stringValue ?? "",
          attributes: attributesOf(attributes)
        }))
  }
})
