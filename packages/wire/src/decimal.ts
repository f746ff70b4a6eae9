/** Numbers of sixteen bits in text, each made once: making them took longer than all else in a table transfer. */
export function decimal(value: number): string {
  texts ??= new Array<string>(0x10000)
  return (texts[value] ??= String(value))
}
let texts: string[] | undefined

/** The same with a colon behind it: putting three texts together takes twice as long as two. */
export function before(value: number): string {
  heads ??= new Array<string>(0x10000)
  return (heads[value] ??= `${value}:`)
}
let heads: string[] | undefined
