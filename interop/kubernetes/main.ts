/** Measures in the lab: `main.ts <mode> <router> <runs> <fault...>`. */
import { inContainer } from './container.ts'

for await (const line of inContainer('measure-program.ts', process.argv.slice(2))) console.log(line)
