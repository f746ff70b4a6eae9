/** The median, the 95th percentile and the maximum in one line. */
export function summary(milliseconds: readonly number[], digits: number): string {
  const sorted = milliseconds.toSorted((a, b) => a - b)
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)]?.toFixed(digits)
  return `median ${at(0.5)} ms, p95 ${at(0.95)} ms, longest ${at(1)} ms (${sorted.length} times)`
}
