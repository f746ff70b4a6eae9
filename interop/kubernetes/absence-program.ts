/** Runs in the lab's container: `absence-program.ts <runs> <agent> <hang...>`. Prints one measurement per line, as JSON. */
import { type AgentName, type HangName, measureAbsence } from './absence.ts'

const [runs = '1', agent = '', ...hangs] = process.argv.slice(2)
for (const hang of hangs as HangName[])
  for (let run = 0; run < Number(runs); run++)
    console.log(JSON.stringify({ agent, hang, absence: await measureAbsence(agent as AgentName, hang) }))
