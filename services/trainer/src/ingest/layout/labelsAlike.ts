/**
 * A label without capitals, space, invisible characters and differences of Unicode form. A hyphen before a digit stays:
 * it may be a minus.
 */
const formOf = (label: string): string =>
  label
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\s_\p{Cf}]+|-+(?!\d)/gu, '')

/** Groups of labels that differ by capitals, space, hyphens or Unicode form alone, and so look like one label. */
export function labelsAlike(labels: readonly string[]): string[][] {
  const groups = new Map<string, string[]>()
  for (const label of labels) {
    const form = formOf(label)
    const group = groups.get(form)
    if (group === undefined) groups.set(form, [label])
    else group.push(label)
  }
  return [...groups.values()].filter((group) => group.length > 1)
}
