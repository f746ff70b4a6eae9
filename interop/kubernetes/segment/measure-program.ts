/** Runs in the lab's container: `measure-program.ts <runs> <fault...>`. Prints one outcome per line, as JSON. */
import { measure, measureRolling, measureStart, type SegmentFault } from './measure.ts'
import { SegmentLab } from './segment-lab.ts'

const [runs = '1', ...faults] = process.argv.slice(2)
await using lab = await SegmentLab.create()
lab.startAgent()
for (const fault of faults)
  for (let run = 0; run < Number(runs); run++) console.log(JSON.stringify(await outcomeOf(fault)))

function outcomeOf(fault: string) {
  if (fault === 'start') return measureStart(lab)
  if (fault === 'rolling') return measureRolling(lab)
  return measure(lab, fault as SegmentFault)
}
