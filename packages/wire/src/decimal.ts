/** Numbers of sixteen bits in text, each made once: making them took longer than all else in a table transfer. */
export function decimal(value: number): string {
  texts ??= new Array<string>(0x10000)
  return (texts[value] ??= String(value))
}
let texts: string[] | undefined
