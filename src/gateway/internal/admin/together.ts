/**
 * What several processes tell, as that of one gateway.
 *
 * @internal
 */
import type { Standing, Target, View } from "./api.js"
import type { AnswerOf } from "./siblings.js"

const mostFailures = 20
const mostHappenings = 200

/** The states of all processes: what is counted is added up, and of circuits the one that lets the least through is told. @internal */
export const standing = (answers: ReadonlyArray<AnswerOf<Standing>>): Standing => {
  const [only] = answers
  if (only !== undefined && answers.length === 1) return only.answer
  const targets = new Map<string, Target>()
  for (const { answer } of answers) {
    for (const target of answer.targets) {
      const known = targets.get(target.name)
      targets.set(target.name, known === undefined ? target : both(known, target))
    }
  }
  return {
    processes: answers.flatMap(({ answer }) => answer.processes),
    observeOnly: answers.every(({ answer }) => answer.observeOnly),
    targets: [...targets.values()],
    happenings: answers
      .flatMap(({ answer, worker }) => answer.happenings.map((one) => ({ ...one, worker })))
      .sort((one, other) => one.at - other.at)
      .slice(-mostHappenings)
  }
}

const gravity: { readonly [circuit in Target["circuit"]]: number } = { closed: 0, "half-open": 1, open: 2, isolated: 3 }

const both = (one: Target, other: Target): Target => {
  const graver = gravity[other.circuit] > gravity[one.circuit] ? other : one
  const more = <Name extends "parkedForMillis" | "requestsLeft" | "tokensLeft">(name: Name) =>
    one[name] === undefined && other[name] === undefined
      ? undefined
      : { [name]: Math.max(one[name] ?? 0, other[name] ?? 0) }
  return {
    ...graver,
    ...more("parkedForMillis"),
    // What is left of a limit is left for all of them; places are of each process.
    ...more("requestsLeft"),
    ...more("tokensLeft"),
    ...(one.limit !== undefined && other.limit !== undefined && { limit: one.limit + other.limit }),
    views: {
      circuit: bothViews(one.views.circuit, other.views.circuit),
      parking: bothViews(one.views.parking, other.views.parking),
      ...(one.views.limits && other.views.limits && { limits: bothViews(one.views.limits, other.views.limits) })
    },
    inFlight: one.inFlight + other.inFlight,
    queued: one.queued + other.queued,
    attempts: one.attempts + other.attempts,
    answers: one.answers + other.answers,
    failures: one.failures + other.failures,
    observeOnly: one.observeOnly && other.observeOnly,
    recentFailures: [...one.recentFailures, ...other.recentFailures]
      .sort((left, right) => left.at - right.at)
      .slice(-mostFailures)
  }
}

/** Where one of them is alone, what is told of all is not what the fleet knows. */
const bothViews = (one: View, other: View): View => (one === "shared" ? other : one)

/** The metrics of all processes, each with the label `worker`, so that what is counted anew in one is counted anew in its own. @internal */
export const metrics = (answers: ReadonlyArray<AnswerOf<string>>): string => {
  const families = new Map<string, Array<string>>()
  for (const { answer, worker } of answers) {
    if (worker === undefined) return answer
    let family: Array<string> = []
    let head = ""
    for (const line of answer.split("\n")) {
      if (line.startsWith("# HELP ")) head = line
      else if (line.startsWith("# TYPE ")) {
        const known = families.get(line)
        family = known ?? [head, line]
        if (known === undefined) families.set(line, family)
      } else if (line !== "") family.push(labelled(line, worker))
    }
  }
  return [...families.values()].map((lines) => `${lines.join("\n")}\n`).join("")
}

/** Names of metrics have neither braces nor spaces. */
const labelled = (line: string, worker: number): string => {
  const end = line.search(/[{ ]/)
  const label = `worker="${worker}"`
  return line[end] === "{"
    ? `${line.slice(0, end)}{${label},${line.slice(end + 1)}`
    : `${line.slice(0, end)}{${label}}${line.slice(end)}`
}
