/** The frame of our plots: the same style for all, for light and dark mode. */

export interface Frame {
  title: string
  width: number
  height: number
  /** CSS rules for the elements of this plot. */
  style: string
  parts: readonly string[]
}

export function frame({ title, width, height, style, parts }: Frame): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>${title}</title>
<style>
svg { --back: #ffffff; --ink: #1f2328; --soft: #59636e; --rule: #d1d9e0; --ours: #0550ae }
@media (prefers-color-scheme: dark) {
  svg { --back: #0d1117; --ink: #f0f6fc; --soft: #9198a1; --rule: #30363d; --ours: #79c0ff }
}
text { font: 12px system-ui, "DejaVu Sans", sans-serif; fill: var(--soft) }
.head { font-weight: 600; fill: var(--ink) }
.name { text-anchor: end }
.time { text-anchor: middle }
.ours { font-weight: 600; fill: var(--ours) }
.line { stroke: var(--rule) }
${style}
</style>
<rect width="100%" height="100%" fill="var(--back)"/>
${parts.join('\n')}
</svg>
`
}

export function text(x: number, y: number, content: string, style: string): string {
  return `<text class="${style}" x="${x}" y="${y}">${content}</text>`
}
