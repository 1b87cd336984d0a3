/**
 * Names as Prometheus wants them, as OpenTelemetry's own exporters make them: a dot is an underscore, a unit and a counter
 * stand at the end of the name.
 *
 * @internal
 */
export type Type = "counter" | "gauge" | "histogram" | "summary"

/** Units that a name says, by what UCUM calls them. One in braces is a word of explanation. */
const units: Readonly<Record<string, string>> = { s: "seconds", By: "bytes", "1": "ratio" }

/** @internal */
export const nameOf = (prefix: string, name: string, type: Type, unit: string | undefined): string => {
  const clean = `${prefix}${name}`.replace(/[^a-zA-Z0-9_:]/g, "_").replace(/^(?=\d)/, "_")
  const suffix = unit === undefined ? undefined : units[unit]
  const withUnit = suffix === undefined || clean.endsWith(`_${suffix}`) ? clean : `${clean}_${suffix}`
  return type === "counter" && !withUnit.endsWith("_total") ? `${withUnit}_total` : withUnit
}

/** @internal */
export const labelNameOf = (name: string): string => name.replace(/[^a-zA-Z0-9_]/g, "_").replace(/^(?=\d)/, "_") || "_"
