// The embedded provider: a process of its own, so that it can be killed in mid-call like a real one. It says where it
// listens on the first line of its output, and ends when its standard input does, that is, with its parent.
import { NodeRuntime, NodeStream } from "@effect/platform-node"
import { Effect, Stream } from "effect"
import * as MisbehavingProvider from "effect-resilience/testing/MisbehavingProvider"
import { backup, primary } from "./models.js"

const program = Effect.gen(function* () {
  const { Script, Step } = MisbehavingProvider
  const provider = yield* MisbehavingProvider.make({
    reply: (request) => ({
      text: `You asked: "${request.prompt}" This is the embedded provider; it knows nothing, but it answered.`
    }),
    models: {
      [primary.model]: Script.inOrder(
        [Step.rateLimited({ retryAfter: "2 seconds" }), Step.overloaded(), Step.reset()],
        {
          afterwards: "repeatLast"
        }
      ),
      [backup.model]: Script.inOrder([Step.answer({ delay: "700 millis" })], { afterwards: "repeatLast" })
    }
  })
  console.log(JSON.stringify({ url: provider.url }))
  yield* Stream.runDrain(NodeStream.stdin)
}).pipe(Effect.scoped)

NodeRuntime.runMain(program)
