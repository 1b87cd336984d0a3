/**
 * Which packages the commands need, and which of them is not there.
 *
 * @internal
 */
const program = ["@effect/cli@^0.77.0", "@effect/platform@^0.97.0", "@effect/platform-node@^0.108.0"]

const ofStats = ["@effect/sql@^0.52.0", "@effect/sql-libsql@^0.42.0", "@effect/experimental@^0.61.0"]

const ofGateway = ["eventsource-parser@^3.1.0", "yaml@^2.5.0"]

/** What installs all that a command needs; for any other word what all of them do. @internal */
export const toInstall = (command: string | undefined): string =>
  [
    "npm install",
    ...program,
    ...(command === "gateway" ? [] : ofStats),
    ...(command === "stats" ? [] : ofGateway)
  ].join(" ")

/** The package that could not be found, if that is what went wrong. @internal */
export const missingPackage = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND"
    ? /^Cannot find package '([^']+)'/.exec(error.message)?.[1]
    : undefined
