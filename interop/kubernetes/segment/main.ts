/** Runs the scenarios of the segment whose title has this text, and prints what came of each. */
import { inContainer } from '../container.ts'

for await (const line of inContainer('segment/scenario-program.ts', process.argv.slice(2))) console.log(line)
