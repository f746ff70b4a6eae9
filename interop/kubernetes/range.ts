/** In seconds: the median, with the shortest and the longest. `missing`: what a value that is undefined means. */
export function range(values: readonly (number | undefined)[], missing = 'none in 60'): string {
  const known = values.filter(value => value !== undefined).toSorted((a, b) => a - b)
  if (known.length < values.length || known.length === 0)
    return `${missing} (${values.length - known.length} of ${values.length})`
  const [shortest, median, longest] = [known[0], known[known.length >> 1], known.at(-1)].map(value => value?.toFixed(2))
  return shortest === longest ? `${median}` : `${median} (${shortest} to ${longest})`
}
