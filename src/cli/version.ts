/** As in package.json, which a test compares. @internal */
export const version = "0.1.0"
